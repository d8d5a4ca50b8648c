package manager_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/manager"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/source"
)

// emptied is an addon that is still there and declares nothing.
func emptied(addon string) map[string]string {
	return map[string]string{addon + "/kustomization.yaml": "resources: []\n"}
}

func pending(a api.Addon) error {
	if a.Status.PendingPrune == nil {
		return fmt.Errorf("nothing waits for an approval: %s %s", a.Status.Ready, a.Status.Message)
	}
	return nil
}

// rollBack makes a revision that was pushed before the head again.
func (w *world) rollBack(revision string) {
	w.t.Helper()
	heads, err := source.Revisions(context.Background(), w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, head := range heads {
		if head.Revision == revision {
			if err := source.Point(context.Background(), w.config, head); err != nil {
				w.t.Fatal(err)
			}
			return
		}
	}
	w.t.Fatalf("revision %s is not kept", revision)
}

// claim is the manifest of a PersistentVolumeClaim, which is gone after the test.
func (w *world) claim(name string) string {
	w.t.Cleanup(func() {
		_ = w.resource("persistentvolumeclaims", "default").Delete(noContext(), name, metav1.DeleteOptions{})
	})
	return fmt.Sprintf(`apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: %s, namespace: default}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
`, name)
}

func TestARollbackApprovesNothing(t *testing.T) {
	w := newWorld(t)
	w.start()
	approved := w.pushApproved(of("rolled", cm("rolled", "a: b")))
	w.ready("rolled", approved)
	w.push(of("rolled", cm("rolled", "a: b"), w.claim("rv-rolled")))
	w.there("persistentvolumeclaims", "rv-rolled")
	uid := w.live("persistentvolumeclaims", "rv-rolled").GetUID()
	w.rollBack(approved)
	w.addon("rolled", pending)
	w.halt()
	w.start()
	w.through(of("rolled", cm("rolled", "a: c")))
	w.addon("rolled", pending)
	if now := w.live("persistentvolumeclaims", "rv-rolled"); now.GetUID() != uid || now.GetDeletionTimestamp() != nil {
		t.Error("the claim was deleted unasked")
	}
}

func TestAnApprovalIsForOneObjectNotForItsName(t *testing.T) {
	w := newWorld(t)
	w.start()
	with, without := of("once", cm("once", "a: b"), w.claim("rv-once")), of("once", cm("once", "a: b"))
	w.push(with)
	w.there("persistentvolumeclaims", "rv-once")
	w.push(without)
	w.approve("once")
	w.vanished("persistentvolumeclaims", "rv-once")
	w.push(with)
	w.there("persistentvolumeclaims", "rv-once")
	w.addon("once", func(a api.Addon) error {
		if a.Status.PendingPrune != nil || a.Status.Objects != 2 {
			return errors.New("it is not settled")
		}
		return nil
	})
	uid := w.live("persistentvolumeclaims", "rv-once").GetUID()
	w.through(without)
	w.addon("once", pending)
	if now := w.live("persistentvolumeclaims", "rv-once"); now.GetUID() != uid || now.GetDeletionTimestamp() != nil {
		t.Error("the claim was deleted with an approval of another one")
	}
}

func TestTheLastObjectOfAnAddonCanMove(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.ready("giver", w.push(join(of("giver", cm("last", "a: b")), of("taker", cm("taker", "a: b")))))
	uid := w.live("configmaps", "last").GetUID()
	revision := w.push(join(emptied("giver"), of("taker", cm("taker", "a: b"), cm("last", "a: c"))))
	w.ready("taker", revision)
	w.ready("giver", revision)
	w.is("configmaps", "last", "data.a", "c")
	if w.live("configmaps", "last").GetUID() != uid {
		t.Error("it is another object")
	}
}

func TestWhatWasDoomedAndMovedIsForgotten(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.ready("doom", w.push(join(of("doom", cm("doom", "a: b"), cm("held", "a: b")), of("heir", cm("heir", "a: b")))))
	w.change("configmaps", "held", "somebody", `{"metadata":{"finalizers":["example.turnup.dev/hold"]}}`)
	t.Cleanup(func() {
		if _, err := w.get("configmaps", "default", "held"); err == nil {
			w.change("configmaps", "held", "somebody", `{"metadata":{"finalizers":null}}`)
		}
	})
	w.push(join(of("doom", cm("doom", "a: b")), of("heir", cm("heir", "a: b"))))
	w.says("doom", "held by example.turnup.dev/hold")
	revision := w.push(join(of("doom", cm("doom", "a: b")), of("heir", cm("heir", "a: b"), cm("held", "a: b"))))
	w.ready("doom", revision)
}

func TestAMoveNeedsNoTickToBeOver(t *testing.T) {
	w := newWorld(t)
	m, err := manager.New(w.rest, manager.Options{Interval: time.Hour, Log: slog.New(slog.NewTextHandler(w.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	w.stop = func() { cancel(); <-done }
	w.ready("to", w.push(join(of("from", cm("one", "a: b"), cm("two", "a: b")), of("to", cm("three", "a: b")))))
	w.through(join(of("from", cm("one", "a: b"), cm("two", "a: b")), of("to", cm("three", "a: b"))))
	revision := w.push(join(of("from", cm("one", "a: b")), of("to", cm("three", "a: b"), cm("two", "a: b"))))
	w.ready("to", revision)
	w.ready("from", revision)
	if err := w.listedOnlyIn("to", "two"); err != nil {
		t.Error(err)
	}
}

func TestAnErrorOfTheSourceEndsWithItsCause(t *testing.T) {
	w := newWorld(t)
	w.start()
	tree := of("told", cm("told", "a: b"))
	w.ready("told", w.push(tree))
	w.patch("configmaps", "turnup-system", "addon-source", `{"data":{"chunks":"none"}}`)
	fetched := func(want string) {
		t.Helper()
		w.source(func(s api.SourceStatus) error {
			for _, c := range s.Conditions {
				if c.Type == api.Fetched && string(c.Status) == want {
					return nil
				}
			}
			return errors.New("Fetched is not " + want)
		})
	}
	fetched("False")
	w.push(tree)
	fetched("True")
}

func TestManyObjectsOfOneAddonFailAtOnce(t *testing.T) {
	w := newWorld(t)
	w.start()
	var manifests []string
	for i := range 40 {
		manifests = append(manifests, cm(fmt.Sprintf("many-%d", i), "a: b"))
		// A value that is no text is refused for each of them.
		manifests = append(manifests, cm(fmt.Sprintf("wrong-%d", i), "a: {b: c}"))
	}
	w.push(of("many", manifests...))
	w.says("many", "not applied")
	w.there("configmaps", "many-39")
}

func TestAnObjectOfAnotherToolSurvivesAManagerThatDiedOverIt(t *testing.T) {
	w := newWorld(t)
	helm := cm("died-over", "a: b", `, labels: {turnup.dev/addon: died}, annotations: {meta.helm.sh/release-name: theirs, meta.helm.sh/release-namespace: default}`)
	w.create("configmaps", "helm", cm("died-over", "a: b", notes("meta.helm.sh/release-name: theirs, meta.helm.sh/release-namespace: default")))
	ours := parse(t, helm)
	if _, err := w.resource("configmaps", "default").Apply(noContext(), "died-over", ours, metav1.ApplyOptions{FieldManager: object.FieldManager("died")}); err != nil {
		t.Fatal(err)
	}
	ref := object.Ref{Kind: "ConfigMap", Namespace: "default", Name: "died-over"}
	err := inventory.NewStore(w.config).Save(noContext(), "died", inventory.Inventory{ref: {Ref: ref, Version: "v1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	uid := w.live("configmaps", "died-over").GetUID()
	w.start()
	w.ready("died", w.push(of("died", cm("died-other", "a: b"))))
	w.eventually("it is forgotten", func() error {
		if _, has := w.inventories()["died"][ref]; has {
			return &notOnly{[]string{"died"}}
		}
		return nil
	})
	if now := w.live("configmaps", "died-over"); now.GetUID() != uid || now.GetLabels()[object.Label] != "" {
		t.Errorf("it is not as the other tool had it:\n%s", essence(now))
	}
}

func TestAnOlderRevisionThatIsTakenInsteadPrunesNothing(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.ready("old", w.push(of("old", cm("old-1", "a: b"))))
	time.Sleep(1100 * time.Millisecond) // The order of revisions is told in seconds.
	newest := of("old", cm("old-1", "a: b"), cm("old-2", "a: b"))
	w.ready("old", w.push(newest))
	uid := w.live("configmaps", "old-2").GetUID()
	w.halt()
	head, err := w.config.ConfigMaps(object.Namespace).Get(noContext(), source.HeadName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w.delete("configmaps", object.Namespace, "addons-"+head.Data["name"]+"-0")
	w.patch("configmaps", object.Namespace, source.HeadName, `{"binaryData":null}`)
	w.start()
	w.says("old", "an older revision is in force")
	if now, err := w.get("configmaps", "default", "old-2"); err != nil || now.GetUID() != uid {
		t.Errorf("what the newest revision has was deleted: %v", err)
	}
	w.ready("old", w.push(newest))
}
