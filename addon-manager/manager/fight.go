package manager

import (
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

const (
	// fight is how many repairs in a row make one.
	fight = 6
	// truce is how long an object has to stay as it is until a fight is over.
	truce = time.Minute
)

// repaired counts drift. Who undoes our repair each time, and is undone each
// time, is waited for longer and longer: a fight helps nobody.
func (w *worker) repaired(ref object.Ref, before inventory.Entry) {
	by := w.m.drift.Lookup(before.Ref, w.name).By
	t := w.undone[ref]
	if t == nil || time.Since(t.next) > truce {
		t = &trouble{}
		w.undone[ref] = t
	}
	if by != "" {
		t.by = by
	}
	t.again(50*time.Millisecond, 30*time.Second)
	w.m.metrics.Repaired(w.name)
	w.m.log.Info("drift undone", "addon", w.name, "object", ref.String(), "by", by, "times", t.count)
	if t.count == fight {
		w.m.log.Warn("somebody keeps changing this object; it is repaired less and less often", "addon", w.name, "object", ref.String(), "by", t.by)
	}
}

// forgetFights forgets the repairs that were a while ago.
func (w *worker) forgetFights() {
	for ref, t := range w.undone {
		if time.Since(t.next) > truce {
			delete(w.undone, ref)
		}
	}
}

// contested tells who fights over an object, "" for nobody.
func (w *worker) contested(ref object.Ref) string {
	t := w.undone[ref]
	if t == nil || t.count < fight || time.Since(t.next) > truce {
		return ""
	}
	if t.by == "" {
		return "somebody"
	}
	return t.by
}
