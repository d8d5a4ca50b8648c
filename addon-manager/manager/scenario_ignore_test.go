package manager_test

import (
	"testing"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

func TestIgnoredFieldsAreSetOnceAndLeftAlone(t *testing.T) {
	w := newWorld(t)
	w.start()
	ignoring := notes(`turnup.dev/ignore: "spec.replicas"`)
	scaled := func(name, to string) {
		t.Helper()
		w.change("deployments.apps", name, "horizontal-pod-autoscaler", `{"spec":{"replicas":`+to+`}}`, "scale")
	}
	// The pods never run; so what is waited for is that the newest template is there.
	label := func(name, value, spec, more string) string {
		return deployment(name, spec, more) + "  minReadySeconds: " + value + "\n"
	}
	arrives := func(name, value string) {
		t.Helper()
		w.becomes("deployments.apps", name, "spec.minReadySeconds", value)
	}
	w.step("set when it is made, an autoscaler's when it is edited", func(t *testing.T) {
		w.push(of("ignore", label("ig", "1", "  replicas: 3\n", ignoring)))
		w.there("deployments.apps", "ig")
		w.becomes("deployments.apps", "ig", "spec.replicas", "3")
		scaled("ig", "5")
		w.push(of("ignore", label("ig", "2", "  replicas: 3\n", ignoring)))
		arrives("ig", "2")
		w.is("deployments.apps", "ig", "spec.replicas", "5")
		w.push(of("ignore", label("ig", "3", "  replicas: 4\n", ignoring)))
		arrives("ig", "3")
		w.is("deployments.apps", "ig", "spec.replicas", "5")
	})
	w.step("after a restart, too", func(t *testing.T) {
		w.halt()
		scaled("ig", "6")
		w.start()
		w.push(of("ignore", label("ig", "4", "  replicas: 4\n", ignoring)))
		arrives("ig", "4")
		w.is("deployments.apps", "ig", "spec.replicas", "6")
	})
	w.step("drift of everything else is undone, and does not touch them", func(t *testing.T) {
		w.change("deployments.apps", "ig", "somebody", `{"spec":{"minReadySeconds":9}}`)
		arrives("ig", "4")
		w.is("deployments.apps", "ig", "spec.replicas", "6")
	})
	w.step("a field that is not ignored any more is as the tree has it", func(t *testing.T) {
		w.push(of("ignore", label("ig", "5", "  replicas: 2\n", "")))
		arrives("ig", "5")
		w.becomes("deployments.apps", "ig", "spec.replicas", "2")
	})
	w.step("ignored only later, it keeps what it has", func(t *testing.T) {
		w.push(of("ignore", label("ig-late", "1", "  replicas: 3\n", "")))
		w.there("deployments.apps", "ig-late")
		w.push(of("ignore", label("ig-late", "2", "  replicas: 3\n", ignoring)))
		arrives("ig-late", "2")
		w.is("deployments.apps", "ig-late", "spec.replicas", "3")
		scaled("ig-late", "7")
		w.push(of("ignore", label("ig-late", "3", "  replicas: 3\n", ignoring)))
		arrives("ig-late", "3")
		w.is("deployments.apps", "ig-late", "spec.replicas", "7")
	})
	w.step("the whole addon's paths, and one through a list", func(t *testing.T) {
		annotation := `turnup.dev/ignore: "spec.replicas,spec.template.spec.containers.[name=main].image"`
		w.push(noted("ignore", annotation, label("ig-list", "1", "  replicas: 3\n", ""), cm("ig-list", "a: b")))
		w.there("deployments.apps", "ig-list")
		image := "spec.template.spec.containers.[name=main].image"
		w.is("deployments.apps", "ig-list", image, "image:1")
		w.change("deployments.apps", "ig-list", "image-updater", `{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"image:2"}]}}}}`)
		w.push(noted("ignore", annotation, label("ig-list", "2", "  replicas: 3\n", ""), cm("ig-list", "a: b")))
		arrives("ig-list", "2")
		w.is("deployments.apps", "ig-list", image, "image:2")
		w.is("deployments.apps", "ig-list", "spec.replicas", "3")
		if owners := object.Owners(w.live("configmaps", "ig-list")); len(owners) != 1 {
			t.Errorf("an object without these fields is owned by %v", owners)
		}
	})
	w.step("deleted by somebody, it comes back as declared", func(t *testing.T) {
		if err := w.resource("deployments.apps", "default").Delete(t.Context(), "ig-list", deleteNow()); err != nil {
			t.Fatal(err)
		}
		w.there("deployments.apps", "ig-list")
		w.is("deployments.apps", "ig-list", "spec.template.spec.containers.[name=main].image", "image:1")
		w.is("deployments.apps", "ig-list", "spec.replicas", "3")
	})
	w.step("made again for an immutable field, it comes back as declared", func(t *testing.T) {
		both := `, annotations: {turnup.dev/recreate: "true", turnup.dev/ignore: "spec.replicas,spec.template.spec.containers.[name=main].image"}`
		w.push(of("ignore", label("ig-again", "1", "  replicas: 3\n", both)))
		w.there("deployments.apps", "ig-again")
		uid := w.live("deployments.apps", "ig-again").GetUID()
		w.push(of("ignore", relabelled(label("ig-again", "2", "  replicas: 3\n", both))))
		arrives("ig-again", "2")
		w.is("deployments.apps", "ig-again", "spec.replicas", "3")
		w.is("deployments.apps", "ig-again", "spec.template.spec.containers.[name=main].image", "image:1")
		if w.live("deployments.apps", "ig-again").GetUID() == uid {
			t.Error("it was not made again")
		}
	})
}
