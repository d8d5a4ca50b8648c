package manager_test

import (
	"slices"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

func TestOwnershipMovesWithTheManifest(t *testing.T) {
	w := newWorld(t)
	w.start()
	// moved fails unless an object is the same one as before, and only the new addon's.
	moved := func(t *testing.T, name, to string, uid any) {
		t.Helper()
		u := w.live("configmaps", name)
		if u.GetUID() != uid {
			t.Errorf("it is another object: %s was %s", u.GetUID(), uid)
		}
		if u.GetLabels()[object.Label] != to || !slices.Equal(object.Owners(u), []string{to}) {
			t.Errorf("label %s, owners %v", u.GetLabels()[object.Label], object.Owners(u))
		}
	}
	w.step("what only the old addon declared goes with it", func(t *testing.T) {
		w.ready("from", w.push(join(of("from", cm("mv-one", "a: old, b: old"), cm("mv-stays", "a: b")), of("to", cm("mv-to", "a: b")))))
		uid := w.live("configmaps", "mv-one").GetUID()
		revision := w.push(join(of("from", cm("mv-stays", "a: b")), of("to", cm("mv-to", "a: b"), cm("mv-one", "a: new, c: new"))))
		w.ready("to", revision)
		w.ready("from", revision)
		moved(t, "mv-one", "to", uid)
		for key, want := range map[string]string{"a": "new", "b": "", "c": "new"} {
			w.is("configmaps", "mv-one", "data."+key, want)
		}
		w.eventually("the inventories agree", func() error { return w.listedOnlyIn("to", "mv-one") })
	})
	w.step("a directory is renamed", func(t *testing.T) {
		w.ready("before", w.push(of("before", cm("mv-dir", "a: b"), cm("mv-dir-2", "a: b"))))
		uid := w.live("configmaps", "mv-dir").GetUID()
		w.ready("after", w.push(of("after", cm("mv-dir", "a: b"), cm("mv-dir-2", "a: b"))))
		w.left("before")
		moved(t, "mv-dir", "after", uid)
	})
	w.step("to an addon that does not build", func(t *testing.T) {
		w.ready("giver", w.push(join(of("giver", cm("mv-giver", "a: b"), cm("mv-broken", "a: b")), of("broken", cm("mv-was", "a: b")))))
		uid := w.live("configmaps", "mv-broken").GetUID()
		w.push(join(of("giver", cm("mv-giver", "a: c")), of("broken", cm("mv-broken", "a: b"), "a: [b\n")))
		w.becomes("configmaps", "mv-giver", "data.a", "c")
		w.says("broken", "broken/all.yaml")
		w.says("giver", "broken", "nothing is pruned")
		if got := w.live("configmaps", "mv-broken").GetUID(); got != uid {
			t.Errorf("it is another object")
		}
		revision := w.push(join(of("giver", cm("mv-giver", "a: c")), of("broken", cm("mv-broken", "a: d"))))
		w.ready("broken", revision)
		w.ready("giver", revision)
		moved(t, "mv-broken", "broken", uid)
		w.vanished("configmaps", "mv-was")
	})
	w.step("from an addon that does not build", func(t *testing.T) {
		w.ready("heir", w.push(join(of("sick", cm("mv-sick", "a: b"), cm("mv-other", "a: b")), of("heir", cm("mv-heir", "a: b")))))
		uid := w.live("configmaps", "mv-other").GetUID()
		tree := join(of("sick", "a: [b\n"), of("heir", cm("mv-heir", "a: b"), cm("mv-other", "a: c")))
		w.ready("heir", w.push(tree))
		moved(t, "mv-other", "heir", uid)
		// The rest of the sick addon is enforced as it was; the moved object is no part of it any more.
		w.delete("configmaps", "default", "mv-sick")
		w.there("configmaps", "mv-sick")
		w.eventually("the inventories agree", func() error { return w.listedOnlyIn("heir", "mv-other") })
		w.halt()
		w.delete("configmaps", "default", "mv-sick")
		w.start()
		w.there("configmaps", "mv-sick")
		w.through(tree)
		moved(t, "mv-other", "heir", uid)
		w.is("configmaps", "mv-other", "data.a", "c")
	})
	w.step("to an addon that claims another one's object as well", func(t *testing.T) {
		w.ready("third", w.push(join(of("first", cm("mv-1", "a: b"), cm("mv-move", "a: b")), of("second", cm("mv-2", "a: b")), of("third", cm("mv-3", "a: b")))))
		uid := w.live("configmaps", "mv-move").GetUID()
		w.through(join(of("first", cm("mv-1", "a: c")), of("second", cm("mv-2", "a: b"), cm("mv-move", "a: b"), cm("mv-3", "a: thief")), of("third", cm("mv-3", "a: b"))))
		w.says("second", "third/all.yaml", "second/all.yaml")
		w.becomes("configmaps", "mv-1", "data.a", "c")
		if u, err := w.get("configmaps", "default", "mv-move"); err != nil || u.GetUID() != uid {
			t.Fatalf("the tree has it, and it is not what it was: %v", err)
		}
		w.is("configmaps", "mv-3", "data.a", "b")
	})
}

// listedOnlyIn is nil if no inventory but one has a ConfigMap.
func (w *world) listedOnlyIn(addon, name string) error {
	var in []string
	for owner, inventory := range w.inventories() {
		if _, has := inventory[object.Ref{Kind: "ConfigMap", Namespace: "default", Name: name}]; has {
			in = append(in, owner)
		}
	}
	if len(in) != 1 || in[0] != addon {
		return &notOnly{in}
	}
	return nil
}

type notOnly struct{ in []string }

func (e *notOnly) Error() string { return "it is in " + strings.Join(e.in, ", ") }

func TestARenameCreatesFirstAndDeletesWhenHealthy(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.ready("rename", w.push(of("rename", deployment("rn-old", "  replicas: 0\n"))))
	w.push(of("rename", deployment("rn-new", "  replicas: 1\n")))
	w.there("deployments.apps", "rn-new")
	w.says("rename", "rn-new", "not ready yet")
	w.live("deployments.apps", "rn-old")
	w.ready("rename", w.push(of("rename", deployment("rn-new", "  replicas: 0\n"))))
	w.vanished("deployments.apps", "rn-old")
}

func TestASiblingsFieldsAreNeverTaken(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.ready("mine", w.push(join(of("mine", cm("sib", "a: mine")), of("yours", cm("sib-2", "a: b")))))
	before := w.live("configmaps", "sib")
	w.through(join(of("mine", cm("sib", "a: mine")), of("yours", cm("sib-2", "a: c"), cm("sib", "a: yours"))))
	w.says("yours", "ConfigMap default/sib", "mine/all.yaml", "yours/all.yaml")
	if now := w.live("configmaps", "sib"); now.GetResourceVersion() != before.GetResourceVersion() {
		t.Errorf("it was written:\n%s", essence(now))
	}
	// Half of an addon is worse than the whole as it was.
	w.is("configmaps", "sib-2", "data.a", "b")
}

func TestOneObjectInTwoGroupsIsOne(t *testing.T) {
	w := newWorld(t)
	w.start()
	old := `apiVersion: v1
kind: Event
metadata: {name: two-groups, namespace: default}
involvedObject: {namespace: default}
eventTime: "2026-01-01T00:00:00.000000Z"
reportingComponent: example.turnup.dev/x
reportingInstance: x
action: Test
reason: Test
type: Normal
message: hello
`
	w.ready("groups", w.push(of("groups", old, cm("groups", "a: b"))))
	uid := w.live("events", "two-groups").GetUID()
	next := `apiVersion: events.k8s.io/v1
kind: Event
metadata: {name: two-groups, namespace: default}
regarding: {namespace: default}
eventTime: "2026-01-01T00:00:00.000000Z"
reportingController: example.turnup.dev/x
reportingInstance: x
action: Test
reason: Test
type: Normal
note: hello
`
	w.ready("groups", w.push(of("groups", next, cm("groups", "a: c"))))
	w.eventually("the old name is forgotten", func() error {
		if _, has := w.inventories()["groups"][object.Ref{Kind: "Event", Namespace: "default", Name: "two-groups"}]; has {
			return &notOnly{[]string{"the inventory"}}
		}
		return nil
	})
	if now := w.live("events", "two-groups"); now.GetUID() != uid {
		t.Errorf("it was deleted and made again")
	}
}
