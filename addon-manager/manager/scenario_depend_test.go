package manager_test

import (
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

func account(name string) string {
	return "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: " + name + ", namespace: default}\n"
}

func TestAnAddonWaitsForWhatItDependsOn(t *testing.T) {
	w := newWorld(t)
	w.start()
	base := func(spec string, more ...string) map[string]string {
		return of("base", append(more, deployment("dep-base", spec))...)
	}
	top := func(value string, more ...string) map[string]string {
		return noted("a-top", "turnup.dev/depends-on: base", append(more, account("dep-top"), cm("dep-top", "a: "+value))...)
	}
	w.step("with its workloads only", func(t *testing.T) {
		w.push(join(base("  replicas: 1\n"), top("b"), configMap("dep-other", "1")))
		w.says("a-top", "waiting for addon base, which it depends on")
		w.there("serviceaccounts", "dep-top")
		w.there("deployments.apps", "dep-base")
		w.addon("dep-other", isReady)
		if _, err := w.get("configmaps", "default", "dep-top"); gone(err) != nil {
			t.Error("it did not wait")
		}
	})
	w.step("until it is ready", func(*testing.T) {
		w.ready("a-top", w.push(join(base("  replicas: 0\n"), top("b"), configMap("dep-other", "1"))))
	})
	w.step("what it has already is repaired whatever the other does", func(t *testing.T) {
		w.push(join(base("  replicas: 1\n"), top("c"), configMap("dep-other", "1")))
		w.says("a-top", "waiting for addon base")
		w.is("configmaps", "dep-top", "data.a", "b")
		w.delete("serviceaccounts", "default", "dep-top")
		w.there("serviceaccounts", "dep-top")
		w.ready("a-top", w.push(join(base("  replicas: 1\n"), top("b"), configMap("dep-other", "1"))))
		w.patch("configmaps", "default", "dep-top", `{"data":{"a":"wrong"}}`)
		w.becomes("configmaps", "dep-top", "data.a", "b")
	})
	w.step("a suspended one is not waited for", func(*testing.T) {
		w.ready("base", w.push(join(base("  replicas: 0\n"), top("b"), configMap("dep-other", "1"))))
		w.ask("base", `{"suspend":true}`)
		w.says("base", "suspended")
		w.halt()
		w.start()
		w.ready("a-top", w.push(join(base("  replicas: 0\n"), top("d"), configMap("dep-other", "1"))))
		w.ask("base", `{"suspend":false}`)
		w.addon("base", isReady)
	})
	w.step("what is not there, and circles, are errors of those who name them", func(*testing.T) {
		circle := join(noted("c-one", "turnup.dev/depends-on: c-two", cm("dep-c1", "a: b")), noted("c-two", "turnup.dev/depends-on: c-one", cm("dep-c2", "a: b")))
		unknown := noted("lost", `turnup.dev/depends-on: "base, nobody"`, cm("dep-lost", "a: b"))
		w.through(join(base("  replicas: 0\n"), top("b"), circle, unknown))
		w.says("c-one", "waits for itself: c-one → c-two → c-one")
		w.says("c-two", "waits for itself: c-two → c-one → c-two")
		w.says("lost", "names nobody, and the tree has no such addon")
		w.addon("a-top", isReady)
	})
	w.step("they are taken away in the other order", func(t *testing.T) {
		w.ready("a-top", w.push(join(base("  replicas: 0\n"), top("b", cm("dep-held", "a: b", ", finalizers: [example.turnup.dev/hold]")), configMap("dep-other", "1"))))
		w.halt() // What depends on what is known after a restart, too.
		w.start()
		w.push(configMap("dep-other", "2"))
		w.says("a-top", "example.turnup.dev/hold")
		w.says("base", "waiting until addon a-top, which depends on it, is gone")
		w.live("deployments.apps", "dep-base")
		w.change("configmaps", "dep-held", "somebody", `{"metadata":{"finalizers":null}}`)
		w.left("a-top")
		w.left("base")
		log := w.log.all()
		if strings.LastIndex(log, `msg="addon removed" addon=a-top`) > strings.LastIndex(log, `msg="addon removed" addon=base`) {
			t.Error("base went first")
		}
	})
}

func isReady(a api.Addon) error {
	if a.Status.Ready != "True" {
		return &notReady{a}
	}
	return nil
}

type notReady struct{ addon api.Addon }

func (e *notReady) Error() string {
	return e.addon.Name + " is " + e.addon.Status.Ready + ": " + e.addon.Status.Message
}

func TestTheManagersOwnAddonComesLastAndIsNeverPruned(t *testing.T) {
	w := newWorld(t)
	w.start()
	own := []string{account("self-account"), cm("self-config", "a: b"), deployment("self-deploy", "  replicas: 0\n")}
	never := of("z-never", cm("self-z", "a: [1]"))
	w.push(join(of("addon-manager", own...), of("b-other", cm("self-b", "a: b")), never))
	w.says("addon-manager", "waiting for addon z-never: the manager itself comes last")
	w.there("serviceaccounts", "self-account")
	if _, err := w.get("deployments.apps", "default", "self-deploy"); gone(err) != nil {
		t.Error("it did not wait")
	}
	w.ready("addon-manager", w.push(join(of("addon-manager", own...), of("b-other", cm("self-b", "a: b")))))
	w.step("out of the tree, everything stays and is let go", func(t *testing.T) {
		w.push(of("b-other", cm("self-b", "a: c")))
		w.left("addon-manager")
		for resource, name := range map[string]string{"serviceaccounts": "self-account", "configmaps": "self-config", "deployments.apps": "self-deploy"} {
			u := w.live(resource, name)
			if u.GetDeletionTimestamp() != nil || len(object.Owners(u)) > 0 || u.GetLabels()[object.Label] != "" {
				t.Errorf("%s: %v %v", name, managersOf(u), u.GetLabels())
			}
		}
	})
	w.step("back in the tree, it is managed as before", func(*testing.T) {
		w.ready("addon-manager", w.push(join(of("addon-manager", own...), of("b-other", cm("self-b", "a: c")))))
		w.delete("configmaps", "default", "self-config")
		w.there("configmaps", "self-config")
		w.push(of("b-other", cm("self-b", "a: c")))
		w.left("addon-manager")
		for resource, name := range map[string]string{"serviceaccounts": "self-account", "configmaps": "self-config", "deployments.apps": "self-deploy"} {
			if err := w.resource(resource, "default").Delete(t.Context(), name, deleteNow()); err != nil {
				t.Error(err)
			}
		}
	})
}
