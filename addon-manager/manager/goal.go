package manager

import (
	"slices"
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
)

// goal is what a worker has to make true.
type goal struct {
	generation int
	// revision is the tree's newest; changed the one in which hash became what it is.
	revision, changed, hash string
	// addon is the last plan without error; nil where there never was one.
	addon *plan.Addon
	// since is when addon last changed.
	since time.Time
	// leave says that the addon is not in the tree any more.
	leave bool
	// hold says why nothing of the addon may be pruned, frozen why nothing of any
	// addon may; "" for nothing.
	hold, frozen string
	// over says why nothing may be pruned without an approval.
	over string
	// err says why the revision's own plan is not in addon.
	err error
}

// stamp is what tells one goal from another.
type stamp struct {
	generation   int
	hold, frozen string
	over         string
	failed       bool
	addon        *plan.Addon
}

func (g goal) stamp() stamp {
	return stamp{g.generation, g.hold, g.frozen, g.over, g.err != nil, g.addon}
}

func (w *worker) snapshot() goal {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.goal
}

func (w *worker) leaving() bool { return w.snapshot().leave }

// aim gives the worker a new plan; one with an error leaves the last one in force.
func (w *worker) aim(addon *plan.Addon, revision string, generation int, frozen string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := &w.goal
	if g.hash != addon.Hash || g.hash == "" {
		// What an earlier manager told about the same files is still so.
		g.hash, g.changed = addon.Hash, w.m.writer.Since(w.name, addon.Hash, revision)
	}
	g.generation, g.revision, g.leave, g.hold, g.frozen, g.err = generation, revision, false, "", frozen, addon.Err
	if addon.Err != nil {
		g.hold = "the revision could not be used"
		return
	}
	if len(addon.Objects) == 0 && len(w.inventory) > 0 {
		// More likely a mistake than a wish; who wishes it removes the directory.
		g.hold = "the addon builds to nothing; nothing is pruned (to remove it, remove its directory)"
		return
	}
	if g.addon == nil || g.addon.Hash != addon.Hash || len(g.addon.Objects) != len(addon.Objects) {
		g.since = time.Now()
		w.cancel()
	}
	if !slices.ContainsFunc(addon.Objects, func(o plan.Object) bool { return plan.StageOf(o.Ref).Foundation() }) {
		w.founded = generation // Nobody has to wait for what it does not have.
	}
	g.addon, w.needs = addon, addon.DependsOn
}

// cede leaves to others what they declare by now, where this addon's own plan is an old one.
func (w *worker) cede(claimed map[object.Ref]bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := &w.goal
	if g.err == nil && g.hold == "" || g.addon == nil {
		return
	}
	kept := *g.addon
	kept.Objects = slices.DeleteFunc(slices.Clone(kept.Objects), func(o plan.Object) bool { return claimed[o.Ref] })
	g.addon = &kept
}

// leave tells the worker that its addon is not in the tree; hold says why it
// stays as it is all the same.
func (w *worker) leave(revision string, generation int, hold, frozen string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := &w.goal
	g.generation, g.revision, g.err, g.hold, g.frozen = generation, revision, nil, hold, frozen
	if hold != "" {
		return
	}
	if !g.leave {
		g.since = time.Now()
	}
	g.leave, g.addon, g.hash, g.changed = true, nil, "", revision
}

// budget tells the worker whether the whole tree takes away too much.
func (w *worker) budget(over string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.goal.over = over
}
