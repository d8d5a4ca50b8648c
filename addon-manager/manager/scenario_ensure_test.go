package manager_test

import (
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

const ensures = ", labels: {addonmanager.kubernetes.io/mode: EnsureExists}"

// These three are the test suite of kube-addon-manager, by what it tests.

func TestKubeAddonManagerReconcile(t *testing.T) {
	w := newWorld(t)
	w.start()
	for _, label := range []string{"addonmanager.kubernetes.io/mode: Reconcile", `kubernetes.io/cluster-service: "true"`} {
		manifest := func(value string) string { return cm("kam", "cpu: "+value, ", labels: {"+label+"}") }
		w.step(label, func(*testing.T) {
			w.ready("kam", w.push(of("kam", manifest("100m"))))
			w.is("configmaps", "kam", "data.cpu", "100m")
			w.ready("kam", w.push(of("kam", manifest("50m"))))
			w.is("configmaps", "kam", "data.cpu", "50m")
			w.patch("configmaps", "default", "kam", `{"data":{"cpu":"600m"}}`)
			w.becomes("configmaps", "kam", "data.cpu", "50m")
			w.delete("configmaps", "default", "kam")
			w.there("configmaps", "kam")
			w.ready("rest", w.push(of("rest", cm("kam-rest", "a: b"))))
			w.vanished("configmaps", "kam")
		})
	}
}

func TestKubeAddonManagerEnsureExists(t *testing.T) {
	w := newWorld(t)
	w.start()
	manifest := func(value string) string { return cm("kam-ensure", "cpu: "+value, ensures) }
	w.step("made where it is missing", func(*testing.T) {
		w.ready("ensure", w.push(of("ensure", manifest("100m"))))
		w.is("configmaps", "kam-ensure", "data.cpu", "100m")
	})
	w.step("a manifest's change does not travel", func(*testing.T) {
		w.ready("ensure", w.push(of("ensure", manifest("50m"))))
		w.is("configmaps", "kam-ensure", "data.cpu", "100m")
	})
	w.step("an edit stays, through a restart and a new manifest", func(*testing.T) {
		w.patch("configmaps", "default", "kam-ensure", `{"data":{"cpu":"600m","more":"mine"}}`)
		w.through(of("ensure", manifest("50m")))
		w.is("configmaps", "kam-ensure", "data.cpu", "600m")
		w.halt()
		w.start()
		w.ready("ensure", w.push(of("ensure", manifest("40m"))))
		w.is("configmaps", "kam-ensure", "data.cpu", "600m")
		w.is("configmaps", "kam-ensure", "data.more", "mine")
	})
	w.step("deleted, it comes back", func(*testing.T) {
		w.delete("configmaps", "default", "kam-ensure")
		w.becomes("configmaps", "kam-ensure", "data.cpu", "40m")
	})
	w.step("it stays when it leaves the tree", func(t *testing.T) {
		w.ready("rest", w.push(of("rest", cm("kam-rest", "a: b"))))
		w.left("ensure")
		u := w.live("configmaps", "kam-ensure")
		w.is("configmaps", "kam-ensure", "data.cpu", "40m")
		if len(object.Owners(u)) > 0 || u.GetLabels()[object.Label] != "" || strings.Contains(strings.Join(managersOf(u), " "), "turnup/") {
			t.Errorf("it still looks like ours: %v %v", managersOf(u), u.GetLabels())
		}
		w.delete("configmaps", "default", "kam-ensure")
	})
}

func TestKubeAddonManagerBothInOneFile(t *testing.T) {
	w := newWorld(t)
	w.start()
	both := func(value string) map[string]string {
		return of("multi", cm("kam-a", "cpu: "+value, ", labels: {addonmanager.kubernetes.io/mode: Reconcile}"), cm("kam-b", "cpu: "+value, ensures))
	}
	w.ready("multi", w.push(both("100m")))
	w.ready("multi", w.push(both("50m")))
	w.is("configmaps", "kam-a", "data.cpu", "50m")
	w.is("configmaps", "kam-b", "data.cpu", "100m")
	w.step("what was there before is left as it is", func(*testing.T) {
		w.create("configmaps", "somebody", cm("kam-there", "cpu: 5m"))
		w.ready("multi", w.push(join(both("50m"), of("there", cm("kam-there", "cpu: 6m", ensures)))))
		w.is("configmaps", "kam-there", "data.cpu", "5m")
	})
	w.step("a managed object that becomes one that is only made keeps what it has", func(*testing.T) {
		w.ready("flip", w.push(of("flip", cm("kam-flip", "cpu: 100m, more: x"), deployment("kam-deploy", "  replicas: 0\n"))))
		w.ready("flip", w.push(of("flip", cm("kam-flip", "cpu: 50m", ensures), deployment("kam-deploy", "  replicas: 0\n  minReadySeconds: 3\n", ensures))))
		w.is("configmaps", "kam-flip", "data.cpu", "100m")
		w.is("configmaps", "kam-flip", "data.more", "x")
		w.is("deployments.apps", "kam-deploy", "spec.minReadySeconds", "")
		w.patch("configmaps", "default", "kam-flip", `{"data":{"cpu":"600m"}}`)
		w.through(of("flip", cm("kam-flip", "cpu: 50m", ensures), deployment("kam-deploy", "  replicas: 0\n", ensures)))
		w.is("configmaps", "kam-flip", "data.cpu", "600m")
	})
	w.step("and back again, it is as the tree has it", func(*testing.T) {
		w.ready("flip", w.push(of("flip", cm("kam-flip", "cpu: 40m"))))
		w.is("configmaps", "kam-flip", "data.cpu", "40m")
		w.ready("made", w.push(of("made", cm("kam-made", "cpu: 1m, more: x", ensures))))
		w.ready("made", w.push(of("made", cm("kam-made", "cpu: 2m"))))
		w.is("configmaps", "kam-made", "data.cpu", "2m")
		w.is("configmaps", "kam-made", "data.more", "")
	})
	w.step("moved to an addon that only makes it, it is only that one's", func(t *testing.T) {
		w.ready("made", w.push(join(of("made", cm("kam-made", "cpu: 3m, more: y"), cm("kam-keep", "a: b")))))
		w.ready("maker", w.push(join(of("made", cm("kam-keep", "a: b")), of("maker", cm("kam-made", "cpu: 4m", ensures)))))
		u := w.live("configmaps", "kam-made")
		w.is("configmaps", "kam-made", "data.more", "y")
		if strings.Contains(strings.Join(managersOf(u), " "), "turnup/made/") || u.GetLabels()[object.Label] != "maker" {
			t.Errorf("managers %v, labels %v", managersOf(u), u.GetLabels())
		}
		// It has to be there still when the old addon has let go.
		w.ready("maker", w.push(of("maker", cm("kam-made", "cpu: 4m", ensures))))
		w.left("made")
		w.is("configmaps", "kam-made", "data.more", "y")
	})
}

func TestWhatMayNotBePrunedIsLetGo(t *testing.T) {
	w := newWorld(t)
	w.start()
	keep := notes(`turnup.dev/prune: "false"`)
	w.ready("keep", w.push(of("keep", cm("keep-one", "a: b", keep), cm("keep-two", "a: b"), cm("keep-three", "a: b"))))
	w.ready("keep", w.push(of("keep", cm("keep-three", "a: c"))))
	w.vanished("configmaps", "keep-two")
	w.eventually("it is let go", func() error { return letGo(w, "keep-one") })
	w.is("configmaps", "keep-one", "data.a", "b")
	w.step("with its whole addon, too", func(*testing.T) {
		w.ready("keep", w.push(of("keep", cm("keep-one", "a: d", keep))))
		w.ready("rest", w.push(of("rest", cm("kam-rest", "a: b"))))
		w.left("keep")
		w.eventually("it is let go", func() error { return letGo(w, "keep-one") })
		w.is("configmaps", "keep-one", "data.a", "d")
		w.delete("configmaps", "default", "keep-one")
	})
}

func letGo(w *world, name string) error {
	u, err := w.get("configmaps", "default", name)
	if err == nil && (len(object.Owners(u)) > 0 || u.GetLabels()[object.Label] != "") {
		return &notOnly{append(managersOf(u), u.GetLabels()[object.Label])}
	}
	return err
}
