package manager

import (
	"context"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"turnup.dev/kubectl-turnup/addon-manager/health"
	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
)

const (
	// glance is the least time between two looks at an addon's health.
	glance = 100 * time.Millisecond
	// relook is when an unhealthy object is looked at without an event.
	relook = 2 * time.Second
	// outlive is how long what left the tree may stay because the addon is not healthy.
	outlive = time.Minute
)

// pass makes one step towards the goal and returns when to look again without
// being woken (0: not at all), and whether the addon is gone for good.
func (w *worker) pass(ctx context.Context) (next time.Duration, done bool) {
	g := w.snapshot()
	if g.generation == 0 {
		return 0, false
	}
	if g.leave {
		return w.retire(ctx, g)
	}
	w.waiting = ""
	if g.addon != nil {
		if err := w.announce(ctx, g.addon); err != nil {
			w.m.log.Warn("inventory not written; nothing is applied", "addon", w.name, "error", err)
			w.waiting = err.Error()
			w.publish(g)
			return time.Second, false
		}
		w.applyAll(ctx, g)
		w.watch(ctx)
		w.examine(ctx, g)
	}
	w.prune(ctx, g)
	w.save(ctx)
	w.publish(g)
	return w.delay(g), false
}

// announce writes the inventory with everything that is about to be applied:
// whatever happens then, nothing of it is ever lost sight of.
func (w *worker) announce(ctx context.Context, addon *plan.Addon) error {
	w.mu.Lock()
	grown := false
	for _, o := range addon.Objects {
		if _, known := w.inventory[o.Ref]; !known {
			w.inventory[o.Ref] = inventory.Entry{Ref: o.Ref, Version: o.Version}
			grown, w.unsaved = true, true
		}
	}
	w.mu.Unlock()
	// Entries that never reached the cluster are not relied on; so whatever
	// failed here last time is written first.
	if !grown && !w.unannounced() {
		return nil
	}
	return w.write(ctx)
}

func (w *worker) unannounced() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.unsaved {
		return false
	}
	for _, e := range w.inventory {
		if e.Print == "" {
			return true
		}
	}
	return false
}

func (w *worker) write(ctx context.Context) error {
	w.mu.Lock()
	copied := w.inventory.Clone()
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if err := w.m.store.Save(ctx, w.name, copied); err != nil {
		return err
	}
	w.unsaved = false
	return nil
}

// save keeps the inventory's records for a manager that comes after this one.
func (w *worker) save(ctx context.Context) {
	if !w.unsaved || ctx.Err() != nil {
		return
	}
	if err := w.write(ctx); err != nil {
		w.m.log.Warn("inventory not written", "addon", w.name, "error", err)
	}
}

// applyAll applies what is new, changed or drifted, stage by stage. A refused
// object holds up neither its stage nor the next.
func (w *worker) applyAll(ctx context.Context, g goal) {
	byStage := map[plan.Stage][]plan.Object{}
	defining := false
	declared := map[object.Ref]bool{}
	for _, o := range g.addon.Objects {
		declared[o.Ref] = true
		if w.due(o) {
			byStage[plan.StageOf(o.Ref)] = append(byStage[plan.StageOf(o.Ref)], o)
		}
		defining = defining || o.Kind == "CustomResourceDefinition"
	}
	for ref := range w.failures {
		if !declared[ref] {
			delete(w.failures, ref)
		}
	}
	for _, stage := range plan.Stages() {
		if !stage.Foundation() && w.waiting == "" {
			w.found(g.generation)
			if w.incomplete(g) {
				w.waiting = w.m.gate(w, g.generation, g.addon.Network)
			}
		}
		var group sync.WaitGroup
		var mu sync.Mutex
		for _, o := range byStage[stage] {
			entry, _ := w.entry(o.Ref)
			if w.waiting != "" && !stage.Foundation() && entry.Hash != o.Hash {
				continue // What is merely drifting is repaired at once.
			}
			group.Go(func() {
				live, err := w.m.client.Apply(ctx, w.name, o, defining)
				mu.Lock()
				defer mu.Unlock()
				w.applied(ctx, g, o, entry, live, err)
			})
		}
		group.Wait()
	}
}

// incomplete tells whether something of the goal was never applied.
func (w *worker) incomplete(g goal) bool {
	for _, o := range g.addon.Objects {
		if e, _ := w.entry(o.Ref); e.Hash != o.Hash {
			return true
		}
	}
	return false
}

// due tells whether an object has to be applied now. For one that is as it was
// left, this asks nobody.
func (w *worker) due(o plan.Object) bool {
	if t := w.failures[o.Ref]; t != nil && t.hash == o.Hash {
		return !time.Now().Before(t.next)
	}
	entry, _ := w.entry(o.Ref)
	if entry.Hash != o.Hash || entry.Print == "" {
		return true
	}
	if !w.drifted(entry) {
		return false
	}
	if t := w.undone[o.Ref]; t != nil && time.Now().Before(t.next) {
		return false
	}
	return true
}

// drifted tells whether the watches saw another state than the recorded one. What
// they saw before our own last write does not count.
func (w *worker) drifted(entry inventory.Entry) bool {
	seen := w.m.drift.Lookup(entry.Ref, w.name)
	if !seen.Synced || seen.Version < entry.Seen {
		return false
	}
	return !seen.Exists || seen.UID != entry.UID || seen.Print != entry.Print
}

// applied records what came of one apply.
func (w *worker) applied(ctx context.Context, g goal, o plan.Object, before inventory.Entry, live *unstructured.Unstructured, err error) {
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		t := w.failures[o.Ref]
		if t == nil || t.hash != o.Hash {
			t = &trouble{hash: o.Hash, reason: "ApplyFailed"}
			w.failures[o.Ref] = t
		}
		if t.message != err.Error() {
			w.m.log.Error("not applied", "addon", w.name, "object", o.String(), "file", o.File, "revision", g.revision, "error", err)
		}
		t.message = err.Error()
		t.again(200*time.Millisecond, 30*time.Second)
		w.m.Metrics.Failed.Add(1)
		return
	}
	delete(w.failures, o.Ref)
	entry := inventory.Entry{
		Ref: o.Ref, Version: o.Version, UID: string(live.GetUID()), Hash: o.Hash,
		Print: object.Print(live, w.name), Seen: object.Version(live.GetResourceVersion()),
	}
	w.own(o.Ref, &entry)
	w.health[o.Ref] = healthOf(o.Ref, live)
	w.m.Metrics.Applied.Add(1)
	switch {
	case before.Hash != o.Hash:
		delete(w.undone, o.Ref)
		w.m.log.Info("applied", "addon", w.name, "object", o.String(), "revision", g.revision)
	case before.Print != entry.Print || before.UID != entry.UID:
		w.repaired(o.Ref)
	}
}

// repaired counts drift. Who undoes our repair each time, and is undone each
// time, is waited for longer and longer: a fight helps nobody.
func (w *worker) repaired(ref object.Ref) {
	t := w.undone[ref]
	if t == nil || time.Since(t.next) > time.Minute {
		t = &trouble{}
		w.undone[ref] = t
	}
	t.again(50*time.Millisecond, 30*time.Second)
	w.m.Metrics.Drift.Add(1)
	w.m.log.Info("drift undone", "addon", w.name, "object", ref.String(), "times", t.count)
	if t.count == 8 {
		w.m.log.Warn("somebody keeps changing this object; it is repaired less and less often", "addon", w.name, "object", ref.String())
	}
}

func healthOf(ref object.Ref, live *unstructured.Unstructured) health.State {
	if health.Passive(ref) {
		return health.State{Healthy: true, Version: object.Version(live.GetResourceVersion())}
	}
	return health.Of(live)
}

// watch declares the kinds of everything that was applied.
func (w *worker) watch(ctx context.Context) {
	kinds := map[schema.GroupKind]inventory.Entry{}
	w.mu.Lock()
	for _, e := range w.inventory {
		if e.Print != "" {
			kinds[e.GroupKind()] = e
		}
	}
	w.mu.Unlock()
	for gk, e := range kinds {
		gvr, _, err := w.m.client.Resource(ctx, e.Ref, e.Version)
		if err == nil {
			w.m.drift.Declare(w.m.context, gk, gvr)
		}
	}
}

// examine looks at the health of what changed since the last look.
func (w *worker) examine(ctx context.Context, g goal) {
	if time.Since(w.looked) < glance {
		return
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	for _, o := range g.addon.Objects {
		if !w.curious(o.Ref) {
			continue
		}
		w.looked = time.Now()
		group.Go(func() {
			live, err := w.m.client.Get(ctx, o.Ref, o.Version)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				w.health[o.Ref] = healthOf(o.Ref, live)
			case apierrors.IsNotFound(err):
				w.health[o.Ref] = health.State{Message: "it does not exist"}
			case ctx.Err() == nil:
				w.health[o.Ref] = health.State{Message: err.Error()}
			}
		})
	}
	group.Wait()
}

// curious tells whether an object's health has to be asked for.
func (w *worker) curious(ref object.Ref) bool {
	entry, _ := w.entry(ref)
	if entry.Print == "" {
		return false // not there yet, or refused
	}
	state, known := w.health[ref]
	if health.Passive(ref) {
		if !known {
			w.health[ref] = health.State{Healthy: true}
		}
		return false
	}
	seen := w.m.drift.Lookup(ref, w.name)
	return !known || seen.Exists && seen.Version > state.Version || !state.Healthy && time.Since(w.looked) > relook
}

// delay is the time until the next thing that no event will announce.
func (w *worker) delay(g goal) time.Duration {
	next := time.Duration(0)
	in := func(d time.Duration) {
		d = max(d, 10*time.Millisecond)
		if next == 0 || d < next {
			next = d
		}
	}
	for _, troubles := range []map[object.Ref]*trouble{w.failures, w.doomed} {
		for _, t := range troubles {
			in(time.Until(t.next))
		}
	}
	for ref, t := range w.undone {
		if entry, ok := w.entry(ref); ok && time.Now().Before(t.next) && w.drifted(entry) {
			in(time.Until(t.next))
		}
	}
	if w.waiting != "" {
		in(time.Second)
	}
	if w.unsaved {
		in(time.Second)
	}
	if g.addon == nil {
		return next
	}
	for _, o := range g.addon.Objects {
		state, known := w.health[o.Ref]
		switch seen := w.m.drift.Lookup(o.Ref, w.name); {
		case known && seen.Exists && seen.Version > state.Version && !health.Passive(o.Ref):
			in(glance - time.Since(w.looked))
		case known && !state.Healthy:
			in(relook)
		}
	}
	return next
}
