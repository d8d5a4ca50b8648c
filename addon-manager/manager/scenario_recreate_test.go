package manager_test

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

// relabelled is a Deployment with another selector, which cannot change.
func relabelled(manifest string) string {
	manifest = strings.Replace(manifest, "matchLabels: {app: ", "matchLabels: {other: x, app: ", 1)
	return strings.Replace(manifest, "labels: {app: ", "labels: {other: x, app: ", 1)
}

func job(name, image string, more ...string) string {
	return fmt.Sprintf(`apiVersion: batch/v1
kind: Job
metadata: {name: %s, namespace: default%s}
spec:
  suspend: true
  template: {spec: {restartPolicy: Never, containers: [{name: main, image: %q}]}}
`, name, strings.Join(more, ""), image)
}

func TestWhatCannotChangeInPlaceIsMadeAgainOnlyIfAllowed(t *testing.T) {
	w := newWorld(t)
	w.start()
	allowed := notes(`turnup.dev/recreate: "true"`)
	held := strings.Replace(allowed, ", annotations", ", finalizers: [example.turnup.dev/hold], annotations", 1)
	fixed := func(name, ip, more string) string {
		return service(name, "type: NodePort, clusterIP: "+ip+", ports: [{port: 80, nodePort: 30797}]", more)
	}
	cases := []struct{ what, resource, name, before, after, says string }{
		{"a Service's address", "services", "im-service", service("im-service", "clusterIP: 10.96.88.1, ports: [{port: 80}]"), service("im-service", "clusterIP: 10.96.88.2, ports: [{port: 80}]"), "may not change once set"},
		{"a Deployment's selector", "deployments.apps", "im-deploy", deployment("im-deploy", "  replicas: 0\n"), relabelled(deployment("im-deploy", "  replicas: 0\n")), "immutable"},
		{"a Job's template", "jobs.batch", "im-job", job("im-job", "image:1"), job("im-job", "image:2"), "immutable"},
		{"a role binding's role", "rolebindings.rbac.authorization.k8s.io", "im-binding", binding("im-binding", "view"), binding("im-binding", "edit"), "immutable"},
	}
	var before, after, permitted []string
	for _, c := range cases {
		before, after = append(before, c.before), append(after, c.after)
		permitted = append(permitted, strings.Replace(c.after, "namespace: default", "namespace: default"+allowed, 1))
	}
	w.push(of("immutable", before...))
	uids := map[string]types.UID{}
	for _, c := range cases {
		w.there(c.resource, c.name)
		uids[c.name] = w.live(c.resource, c.name).GetUID()
	}
	w.through(of("immutable", after...))
	w.says("immutable", "turnup.dev/recreate", "and 3 more")
	for _, c := range cases {
		w.step(c.what+" is an error that tells the way out", func(t *testing.T) {
			a := w.says("immutable")
			text := ""
			for _, f := range a.Status.Failures {
				if strings.Contains(f.Object, c.name) {
					text = f.Message
				}
			}
			if !strings.Contains(text, `turnup.dev/recreate: "true"`) || !strings.Contains(text, c.says) && len(text) < 1024 {
				t.Errorf("it says %q", text)
			}
			if w.live(c.resource, c.name).GetUID() != uids[c.name] {
				t.Error("it was made again")
			}
		})
	}
	w.push(of("immutable", permitted...))
	for _, c := range cases {
		w.step(c.what+" changes where that is allowed", func(*testing.T) {
			w.eventually("it is another object", func() error {
				u, err := w.get(c.resource, "default", c.name)
				if err == nil && u.GetUID() == uids[c.name] {
					err = fmt.Errorf("it is the old one")
				}
				return err
			})
		})
	}
	w.step("an event says so", func(*testing.T) {
		w.eventually("it is there", func() error { return w.event("immutable", "Recreated", "Service default/im-service") })
	})
	w.step("a manifest that is merely wrong deletes nothing", func(t *testing.T) {
		good := deployment("im-wrong", "  replicas: 0\n", allowed)
		w.ready("wrong", w.push(of("wrong", good)))
		uid := w.live("deployments.apps", "im-wrong").GetUID()
		// Another selector, which the pods do not match: no API server takes that.
		w.through(of("wrong", strings.Replace(good, "matchLabels: {app: ", "matchLabels: {other: x, app: ", 1)))
		w.says("wrong", "im-wrong", "not applied")
		if w.live("deployments.apps", "im-wrong").GetUID() != uid {
			t.Error("it was deleted")
		}
	})
	w.step("what it keeps for itself is no reason against it", func(t *testing.T) {
		w.ready("keeps", w.push(of("keeps", fixed("im-port", "10.96.88.5", allowed))))
		uid := w.live("services", "im-port").GetUID()
		w.ready("keeps", w.push(of("keeps", fixed("im-port", "10.96.88.6", allowed))))
		w.is("services", "im-port", "spec.clusterIP", "10.96.88.6")
		if w.live("services", "im-port").GetUID() == uid {
			t.Error("it was not made again")
		}
	})
	w.step("an object that a finalizer holds holds up nobody", func(t *testing.T) {
		w.ready("held", w.push(of("held", service("im-held", "clusterIP: 10.96.88.7, ports: [{port: 80}]", held), cm("im-near", "a: b"))))
		uid := w.live("services", "im-held").GetUID()
		w.push(of("held", service("im-held", "clusterIP: 10.96.88.8, ports: [{port: 80}]", held), cm("im-near", "a: c"), deployment("im-after", "  replicas: 0\n")))
		w.says("held", "im-held", "example.turnup.dev/hold")
		w.is("configmaps", "im-near", "data.a", "c")
		w.there("deployments.apps", "im-after")
		if u := w.live("services", "im-held"); u.GetUID() != uid || u.GetDeletionTimestamp() == nil {
			t.Fatal("it is not being deleted")
		}
		w.change("services", "im-held", "somebody", `{"metadata":{"finalizers":null}}`)
		w.eventually("it is another object", func() error {
			u, err := w.get("services", "default", "im-held")
			if err == nil && u.GetUID() == uid {
				err = fmt.Errorf("it is the old one")
			}
			return err
		})
		w.change("services", "im-held", "somebody", `{"metadata":{"finalizers":null}}`)
	})
}

func binding(name, role string) string {
	return fmt.Sprintf(`apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: %s, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %s}
subjects: [{kind: ServiceAccount, name: default, namespace: default}]
`, name, role)
}
