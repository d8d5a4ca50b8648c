package manager

import (
	"context"
	"slices"
	"sync"
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/apply"
	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
)

// retire takes a whole addon away that is not in the tree any more.
func (w *worker) retire(ctx context.Context, g goal) (time.Duration, bool) {
	clear(w.failures)
	w.waiting = ""
	w.found(g.generation)
	w.deleteAll(ctx, g, nil)
	if w.size() > 0 {
		w.save(ctx)
		w.publish(g)
		return w.delay(g), false
	}
	if err := w.m.store.Remove(ctx, w.name); err != nil {
		w.m.log.Warn("inventory not removed", "addon", w.name, "error", err)
		return time.Second, false
	}
	w.m.writer.Remove(w.name)
	if !w.m.drop(w) {
		w.poke()
		return 0, false
	}
	w.m.log.Info("addon removed", "addon", w.name, "revision", g.revision)
	return 0, true
}

func (w *worker) size() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.inventory)
}

// prune deletes what the addon owns and does not declare any more. Not in a pass
// in which something failed or waits; and what replaces it should be healthy.
func (w *worker) prune(ctx context.Context, g goal) {
	if g.hold != "" || g.addon == nil || len(w.failures) > 0 || w.waiting != "" || ctx.Err() != nil {
		return
	}
	if !w.healthy(g) && time.Since(g.since) < outlive {
		return
	}
	w.deleteAll(ctx, g, w.declared())
}

// deleteAll deletes what is in the inventory and not to be kept, in the reverse
// order of applying. What cannot go yet is tried again later.
func (w *worker) deleteAll(ctx context.Context, g goal, keep []object.Ref) {
	kept := map[object.Ref]bool{}
	for _, ref := range keep {
		kept[ref] = true
		delete(w.doomed, ref)
	}
	byStage := map[plan.Stage][]inventory.Entry{}
	w.mu.Lock()
	for ref, entry := range w.inventory {
		if t := w.doomed[ref]; !kept[ref] && (t == nil || !time.Now().Before(t.next)) {
			byStage[plan.StageOf(ref)] = append(byStage[plan.StageOf(ref)], entry)
		}
	}
	w.mu.Unlock()
	stages := plan.Stages()
	slices.Reverse(stages)
	for _, stage := range stages {
		var group sync.WaitGroup
		var mu sync.Mutex
		for _, entry := range byStage[stage] {
			if heir := w.m.declares(entry.Ref); heir != "" && heir != w.name {
				w.m.log.Info("handed over", "addon", w.name, "object", entry.String(), "to", heir, "revision", g.revision)
				w.own(entry.Ref, nil)
				continue
			}
			group.Go(func() {
				fate, why, err := w.m.client.Delete(ctx, w.name, entry.Ref, entry.UID)
				mu.Lock()
				defer mu.Unlock()
				w.deleted(ctx, g, entry.Ref, fate, why, err)
			})
		}
		group.Wait()
		if ctx.Err() != nil {
			return
		}
	}
}

// deleted records what came of one deletion. Only a confirmed one shrinks the inventory.
func (w *worker) deleted(ctx context.Context, g goal, ref object.Ref, fate apply.Fate, why string, err error) {
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		why = err.Error()
	}
	if err == nil && (fate == apply.Gone || fate == apply.NotOurs) {
		delete(w.doomed, ref)
		delete(w.health, ref)
		delete(w.undone, ref)
		w.own(ref, nil)
		w.m.Metrics.Pruned.Add(1)
		w.m.log.Info("pruned", "addon", w.name, "object", ref.String(), "fate", string(fate), "why", why, "revision", g.revision)
		return
	}
	t := w.doomed[ref]
	if t == nil {
		t = &trouble{reason: "PrunePending"}
		w.doomed[ref] = t
	}
	if message := string(fate) + ": " + why; t.message != message {
		t.message = message
		w.m.log.Info("not pruned yet", "addon", w.name, "object", ref.String(), "fate", string(fate), "why", why)
	}
	t.again(500*time.Millisecond, 30*time.Second)
}
