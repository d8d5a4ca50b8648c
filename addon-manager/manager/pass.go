package manager

import (
	"context"
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
)

// overdue is when to look again at what could have been tried, and was held back.
const overdue = 500 * time.Millisecond

// pass makes one step towards the goal and returns when to look again without
// being woken (0: not at all), and whether the addon is gone for good.
func (w *worker) pass(ctx context.Context) (next time.Duration, done bool) {
	g := w.snapshot()
	if w.hurry.Swap(false) {
		w.forgetWaits()
	} else if w.quiet(g) {
		return 0, false
	}
	w.waiting = ""
	w.forgetFights()
	switch {
	case g.generation == 0:
		return 0, false
	case w.m.asks.of(w.name).Suspend:
		w.found(g.generation)
		w.waiting = suspended
		w.publish(g)
		return 0, false
	case g.leave:
		return w.retire(ctx, g)
	case g.addon != nil && g.addon.Mode == api.Observe:
		return w.observe(ctx, g), false
	}
	if g.addon != nil {
		if err := w.announce(ctx, g.addon); ctx.Err() != nil {
			return 0, false
		} else if err != nil {
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
	if ctx.Err() != nil {
		return 0, false
	}
	if w.waiting == "" {
		w.save(ctx) // Otherwise there is more to save soon.
	}
	w.publish(g)
	return w.delay(g), false
}

// quiet tells whether the last pass left nothing to do, and nothing has happened
// since: then there is nothing to do, and nothing to tell.
func (w *worker) quiet(g goal) bool {
	if w.settledAs != g.stamp() || w.unsaved.Load() || len(w.failures)+len(w.doomed)+len(w.undone) > 0 ||
		g.addon == nil || w.m.asks.of(w.name) != w.settledAsk || w.size() != len(g.addon.Objects) {
		return false
	}
	for _, o := range g.addon.Objects {
		if state, _ := w.state(o.Ref); !state.Healthy || w.due(o) {
			return false
		}
	}
	return true
}

// settle remembers a pass after which nothing was left to do.
func (w *worker) settle(g goal, ready bool) {
	w.settledAs = stamp{}
	if ready && w.waiting == "" && !g.leave && g.addon != nil && g.addon.Mode != api.Observe {
		w.settledAs, w.settledAsk = g.stamp(), w.m.asks.of(w.name)
	}
}

// forgetWaits makes everything that failed due now.
func (w *worker) forgetWaits() {
	for _, troubles := range []map[object.Ref]*trouble{w.failures, w.doomed, w.undone} {
		for _, t := range troubles {
			t.next = time.Time{}
		}
	}
	clear(w.verdicts)
}

// announce writes the inventory with everything that is about to be applied:
// whatever happens then, nothing of it is ever lost sight of.
func (w *worker) announce(ctx context.Context, addon *plan.Addon) error {
	w.mu.Lock()
	for _, o := range addon.Objects {
		entry, known := w.inventory[o.Ref]
		switch {
		case !known:
			w.inventory[o.Ref] = inventory.Entry{Ref: o.Ref, Version: o.Version, Claims: o.Claims, Keep: w.keeps(o)}
			w.grown = true
			w.unsaved.Store(true)
		case entry.Approved && w.goal.addon == addon || entry.Keep != w.keeps(o):
			// An approval that came since the pass began is for the next goal.
			entry.Approved, entry.Keep = entry.Approved && w.goal.addon != addon, w.keeps(o)
			w.inventory[o.Ref] = entry
			w.unsaved.Store(true)
		}
	}
	w.mu.Unlock()
	if !w.grown {
		return nil
	}
	return w.write(ctx)
}

func (w *worker) write(ctx context.Context) error {
	w.mu.Lock()
	copied, needs := w.inventory.Clone(), w.needs
	w.unsaved.Store(false)
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if err := w.m.store.Save(ctx, w.name, copied, needs); err != nil {
		w.unsaved.Store(true)
		return err
	}
	w.grown = false
	return nil
}

// save keeps the inventory's records for a manager that comes after this one.
func (w *worker) save(ctx context.Context) {
	if !w.unsaved.Load() || ctx.Err() != nil {
		return
	}
	if err := w.write(ctx); err != nil {
		w.m.log.Warn("inventory not written", "addon", w.name, "error", err)
	}
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
			// What is due and was not tried waits for something else as well.
			if until := time.Until(t.next); until > 0 {
				in(until)
			} else {
				in(overdue)
			}
		}
	}
	for ref, t := range w.undone {
		if entry, ok := w.entry(ref); ok && time.Now().Before(t.next) && w.drifted(entry) {
			in(time.Until(t.next))
		}
	}
	if w.waiting != "" || w.unsaved.Load() {
		in(time.Second) // Whom it waits for wakes it; this is the net under that.
	}
	if g.addon != nil && !w.healthy(g) {
		in(relook - time.Since(w.looked))
	}
	if until := time.Until(g.since.Add(outlive)); until > 0 && w.leftovers(g) {
		in(until)
	}
	return next
}
