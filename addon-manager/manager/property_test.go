package manager_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestWhateverIsEditedTheClusterIsTheTree edits trees at random and waits each time for the
// cluster to be the tree. TURNUP_SEED repeats one of them.
func TestWhateverIsEditedTheClusterIsTheTree(t *testing.T) {
	first := seed()
	count := uint64(rounds(2, 100))
	if os.Getenv("TURNUP_SEED") != "" {
		count = 1
	}
	for n := first; n < first+count; n++ {
		ok := t.Run(fmt.Sprintf("seed %d", n), func(t *testing.T) { property(t, n, rounds(7, 20)) })
		if !ok {
			t.Fatalf("repeat it with TURNUP_SEED=%d", n)
		}
	}
}

func property(t *testing.T, seed uint64, steps int) {
	a := newArena(t)
	random := dice(seed)
	f := newForest(fmt.Sprintf("p%d", seed))
	// Every other forest lets nothing break, and so prunes in every step.
	f.sound = seed%2 == 0
	// A namespace takes five seconds to go, whoever deletes it: one forest of two has none.
	f.placeless = seed%2 == 0
	a.clearAfter(f)
	stop := a.manage()
	s := a.plant(f)
	var story []string
	for step := range steps {
		var edits []string
		for range 1 + random.IntN(5) {
			edits = append(edits, f.edit(random))
		}
		if step == steps-1 && len(f.broken) > 0 {
			clear(f.broken)
			clear(f.ghosts)
			edits = append(edits, "nothing is broken")
		}
		// What people do in between is undone.
		edits = append(edits, a.meddle(f, random))
		switch random.IntN(8) {
		case 0:
			stop()
			stop = a.manage()
			edits = append(edits, "another manager before the push")
			a.push(f)
		case 1:
			a.push(f)
			stop()
			stop = a.manage()
			edits = append(edits, "another manager after the push")
		default:
			a.push(f)
		}
		story = append(story, fmt.Sprintf("step %d: %s", step, strings.Join(edits, "; ")))
		if err := wait(patient, func() error { return a.equal(f) }); err != nil {
			t.Fatalf("seed %d, after\n%s\nthe cluster is not the tree (≤ %s): %v", seed, strings.Join(story, "\n"), patient, err)
		}
		a.untouched(s)
		if t.Failed() {
			t.Fatalf("seed %d, after\n%s", seed, strings.Join(story, "\n"))
		}
	}
	t.Logf("%d steps\n%s", steps, strings.Join(story, "\n"))
}

// meddle changes or deletes an object of ours, as somebody with kubectl would.
func (a *arena) meddle(f *forest, random *rand.Rand) string {
	all := f.things()
	o := all[random.IntN(len(all))]
	if o.kind == "Namespace" || o.kind == definition || random.IntN(3) == 0 {
		return "nobody meddles"
	}
	resource := a.resource(f, o)
	if random.IntN(2) == 0 {
		if err := resource.Delete(context.Background(), o.name, metav1.DeleteOptions{}); err != nil {
			return "nobody meddles (" + err.Error() + ")"
		}
		return "somebody deletes " + o.id()
	}
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:"meddled"}}}`, valueMark)
	if _, err := resource.Patch(context.Background(), o.name, types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: "somebody"}); err != nil {
		return "nobody meddles (" + err.Error() + ")"
	}
	return "somebody changes " + o.id()
}

// TestWithoutApprovalNothingPreciousGoes takes a namespace and a definition out of the tree, with
// everything in them, first without and then with an approval.
func TestWithoutApprovalNothingPreciousGoes(t *testing.T) {
	a := newArena(t)
	f := newForest("pre")
	f.put("a", thing{kind: "Namespace", name: "pre-space", value: "1"})
	f.put("a", thing{kind: "ConfigMap", namespace: "pre-space", name: "pre-in", value: "1"})
	f.put("a", thing{kind: "ConfigMap", namespace: "default", name: "pre-out", value: "1"})
	f.put("b", thing{kind: definition, name: "gears0." + f.group(), value: "1"})
	f.put("b", thing{kind: "Gear0", namespace: "default", name: "pre-gear", value: "1"})
	f.put("b", thing{kind: "ConfigMap", namespace: "default", name: "pre-stays", value: "1"})
	a.clearAfter(f)
	a.manage()
	a.push(f)
	a.settled(f)
	f.drop(thing{kind: "Namespace", name: "pre-space"})
	f.drop(thing{kind: "ConfigMap", namespace: "default", name: "pre-out"})
	f.drop(thing{kind: definition, name: "gears0." + f.group()})
	a.ship(f.files(), "not approved")
	a.until("what is not precious is gone", patient, func() error {
		_, err := a.maps.ConfigMaps("default").Get(t.Context(), "pre-out", metav1.GetOptions{})
		return gone(err)
	})
	time.Sleep(2 * time.Second)
	for _, o := range []thing{{kind: "Namespace", name: "pre-space"}, {kind: definition, name: "gears0." + f.group()}} {
		if live, err := a.resource(f, o).Get(t.Context(), o.name, metav1.GetOptions{}); err != nil || live.GetDeletionTimestamp() != nil {
			t.Errorf("%s went without an approval (%v)", o.id(), err)
		}
	}
	f.put("b", thing{kind: "ConfigMap", namespace: "default", name: "pre-stays", value: "2"})
	a.push(f)
	a.settled(f)
}
