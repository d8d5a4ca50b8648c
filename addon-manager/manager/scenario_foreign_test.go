package manager_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

func deleteNow() metav1.DeleteOptions {
	background := metav1.DeletePropagationBackground
	return metav1.DeleteOptions{PropagationPolicy: &background}
}

func TestAnotherToolsObjectIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	w.start()
	owner := w.create("configmaps", "somebody", cm("fo-owner", "a: b"))
	tools := map[string]struct{ meta, says string }{
		"helm":     {`, annotations: {meta.helm.sh/release-name: web, meta.helm.sh/release-namespace: shop}`, "Helm release shop/web"},
		"flux":     {`, labels: {kustomize.toolkit.fluxcd.io/name: apps, kustomize.toolkit.fluxcd.io/namespace: flux-system}`, "Flux Kustomization flux-system/apps"},
		"argo":     {`, annotations: {argocd.argoproj.io/tracking-id: "web:/ConfigMap:default/x"}`, "Argo CD application web"},
		"applyset": {`, labels: {applyset.kubernetes.io/part-of: applyset-x-v1}`, "ApplySet applyset-x-v1"},
		"owner":    {fmt.Sprintf(`, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: fo-owner, uid: %s, controller: true}]`, owner.GetUID()), "ConfigMap fo-owner"},
	}
	before := map[string]string{}
	conflicting, silent := map[string]string{}, map[string]string{}
	for tool, c := range tools {
		for _, way := range []string{"conflict", "silent"} {
			name := "fo-" + tool + "-" + way
			w.create("configmaps", tool, cm(name, "a: theirs, same: same", c.meta))
			before[name] = essence(w.live("configmaps", name))
		}
		conflicting[tool] = cm("fo-"+tool+"-conflict", "a: ours, more: ours")
		// Nothing of this one is in anybody's way, and something is added.
		silent[tool] = cm("fo-"+tool+"-silent", "same: same, more: ours", notes("who: ours"))
	}
	tree := map[string]string{}
	for tool := range tools {
		tree = join(tree, of("fo-"+tool, conflicting[tool], silent[tool], cm("fo-"+tool+"-own", "a: b")))
	}
	w.through(tree)
	untouched := func(t *testing.T, tool string) {
		t.Helper()
		for _, way := range []string{"conflict", "silent"} {
			name := "fo-" + tool + "-" + way
			live := w.live("configmaps", name)
			if now := essence(live); now != before[name] {
				t.Errorf("%s was touched:\n%s\nbefore:\n%s", name, now, before[name])
			}
			if owners := object.Owners(live); len(owners) > 0 {
				t.Errorf("%s is owned by %v", name, owners)
			}
		}
	}
	for tool, c := range tools {
		w.step(tool, func(t *testing.T) {
			a := w.says("fo-"+tool, "belongs to another tool", c.says, "turnup.dev/adopt")
			if len(a.Status.Failures) != 2 || a.Status.Failures[0].Reason != "ForeignOwner" || a.Status.Failures[0].File == "" {
				t.Errorf("failures are %+v", a.Status.Failures)
			}
			untouched(t, tool)
			// The addon's other objects are not held up.
			w.live("configmaps", "fo-"+tool+"-own")
		})
	}
	w.step("nor deleted when it leaves the tree", func(t *testing.T) {
		w.through(configMap("fo-other", "1"))
		for tool := range tools {
			w.left("fo-" + tool)
			untouched(t, tool)
		}
	})
	w.step("adopted, it is the addon's", func(t *testing.T) {
		w.ready("fo-helm", w.push(noted("fo-helm", `turnup.dev/adopt: "true"`, conflicting["helm"], silent["helm"])))
		w.is("configmaps", "fo-helm-conflict", "data.a", "ours")
		w.is("configmaps", "fo-helm-silent", "data.more", "ours")
		w.ready("fo-flux", w.push(of("fo-flux", cm("fo-flux-conflict", "a: ours", notes(`turnup.dev/adopt: "true"`)))))
		w.is("configmaps", "fo-flux-conflict", "data.a", "ours")
	})
	w.step("a label of ours on somebody's object deletes nothing", func(t *testing.T) {
		w.create("configmaps", "somebody", cm("fo-stranger", "a: b", `, labels: {turnup.dev/addon: fo-flux, addonmanager.kubernetes.io/mode: Reconcile}`))
		w.through(of("fo-flux", cm("fo-flux-conflict", "a: ours", notes(`turnup.dev/adopt: "true"`)), cm("fo-new", "a: b")))
		w.through(configMap("fo-other", "2"))
		w.left("fo-flux")
		w.live("configmaps", "fo-stranger")
	})
}

func TestOthersFieldsAreTakenOverAndThatIsSaid(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.create("configmaps", "wizard", cm("took", "a: theirs, b: theirs"))
	revision := w.push(of("took", cm("took", "a: ours")))
	w.ready("took", revision)
	w.is("configmaps", "took", "data.a", "ours")
	// What the tree does not declare is not taken.
	w.is("configmaps", "took", "data.b", "theirs")
	w.eventually("an event says so", func() error { return w.event("took", "TookOver", "wizard") })
	w.ready("took", w.push(of("took", cm("took", "a: ours too"))))
	w.ready("took", w.push(of("took", cm("took", "a: ours three"))))
	if n := w.log.count("fields taken over"); n != 1 {
		t.Errorf("it was logged %d times", n)
	}
}

// event is nil if there is one about an addon with this reason and text.
func (w *world) event(addon, reason, text string) error {
	events, err := w.resource("events.events.k8s.io", "").List(context.Background(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	var seen []string
	for _, e := range events.Items {
		if fieldOf(&e, "regarding.kind") != "Addon" && fieldOf(&e, "regarding.kind") != "AddonSource" || fieldOf(&e, "regarding.name") != addon {
			continue
		}
		if fieldOf(&e, "reason") == reason && strings.Contains(fieldOf(&e, "note"), text) {
			return nil
		}
		seen = append(seen, fieldOf(&e, "reason")+": "+fieldOf(&e, "note"))
	}
	return fmt.Errorf("events are %q", seen)
}

// clientSide makes an object as `kubectl apply` does without --server-side.
func (w *world) clientSide(resource, manifest string) {
	w.t.Helper()
	u := parse(w.t, manifest)
	last, err := u.MarshalJSON()
	if err != nil {
		w.t.Fatal(err)
	}
	annotations := map[string]string{"kubectl.kubernetes.io/last-applied-configuration": string(last)}
	for key, value := range u.GetAnnotations() {
		annotations[key] = value
	}
	u.SetAnnotations(annotations)
	text, err := u.MarshalJSON()
	if err != nil {
		w.t.Fatal(err)
	}
	w.create(resource, "kubectl-client-side-apply", string(text))
}

func TestWhatAClientAppliedBecomesOurs(t *testing.T) {
	w := newWorld(t)
	w.start()
	dns := func(name string, port int) string {
		return service(name, fmt.Sprintf("ports: [{name: dns, port: %d, protocol: UDP}]", port))
	}
	w.clientSide("services", dns("csa-port", 53))
	w.clientSide("configmaps", cm("csa-same", "a: b, dropped: x", notes("note: x")))
	w.clientSide("configmaps", cm("csa-other", "a: b, dropped: x"))
	w.clientSide("deployments.apps", deployment("csa-deploy", "  replicas: 0\n  minReadySeconds: 7\n"))
	w.ready("csa", w.push(of("csa", dns("csa-port", 54), cm("csa-same", "a: b"), cm("csa-other", "a: c"), deployment("csa-deploy", "  replicas: 0\n"))))
	w.step("a port that changes its number and keeps its name", func(t *testing.T) {
		w.is("services", "csa-port", "spec.ports.[name=dns].port", "54")
		if n := strings.Count(essence(w.live("services", "csa-port")), "name: dns"); n != 1 {
			t.Errorf("it has %d ports", n)
		}
	})
	w.step("what the client declared and the tree does not is gone", func(t *testing.T) {
		for _, name := range []string{"csa-same", "csa-other"} {
			w.is("configmaps", name, "data.dropped", "")
			w.is("configmaps", name, "metadata.annotations", "")
		}
		// The API server fills in its default.
		w.is("deployments.apps", "csa-deploy", "spec.minReadySeconds", "")
	})
	w.step("the client manages nothing any more", func(t *testing.T) {
		for resource, name := range map[string]string{"services": "csa-port", "configmaps": "csa-same", "deployments.apps": "csa-deploy"} {
			if list := managersOf(w.live(resource, name)); !slices.Equal(list, []string{"turnup/csa/Apply"}) {
				t.Errorf("%s is managed by %v", name, list)
			}
		}
	})
	w.step("what the tree drops later goes, too", func(t *testing.T) {
		w.ready("csa", w.push(of("csa", dns("csa-port", 55), cm("csa-same", "b: c"), cm("csa-other", "c: d"), deployment("csa-deploy", "  replicas: 0\n"))))
		w.is("services", "csa-port", "spec.ports.[name=dns].port", "55")
		w.is("configmaps", "csa-same", "data.a", "")
		w.is("configmaps", "csa-other", "data.a", "")
	})
	w.step("what somebody else added stays", func(t *testing.T) {
		w.clientSide("configmaps", cm("csa-both", "a: b, dropped: x"))
		w.change("configmaps", "csa-both", "operator", `{"data":{"status":"fine"}}`)
		w.ready("csa-both", w.push(of("csa-both", cm("csa-both", "a: c"))))
		w.is("configmaps", "csa-both", "data.status", "fine")
		w.is("configmaps", "csa-both", "data.dropped", "")
	})
}
