package manager

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/apply"
	"turnup.dev/kubectl-turnup/addon-manager/events"
	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
)

// outlive is how long what left the tree may stay because the addon is not healthy.
const outlive = time.Minute

// pendingShown bounds the list in an Addon's status.
const pendingShown = 20

// retire takes a whole addon away that is not in the tree any more.
func (w *worker) retire(ctx context.Context, g goal) (time.Duration, bool) {
	clear(w.failures)
	clear(w.undone)
	w.found(g.generation)
	if other := w.m.dependents(w.name); other != "" && time.Since(g.since) < leaveBudget {
		w.waiting = "waiting until addon " + other + ", which depends on it, is gone"
	} else {
		leaves := w.leaves(&g)
		w.deleteAll(ctx, g, w.agreed(ctx, g, leaves))
	}
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

// prune deletes what the addon owns and does not declare any more. Not in a pass
// in which something failed or waits, and not before what replaces it is healthy;
// except for what has an address or a port that a declared object waits for.
func (w *worker) prune(ctx context.Context, g goal) {
	w.pending = nil
	if ctx.Err() != nil || g.addon == nil {
		return
	}
	for ref := range w.doomed {
		if w.m.declares(ref) != "" {
			delete(w.doomed, ref)
		}
	}
	leaves := w.leaves(&g)
	agreed := w.agreed(ctx, g, leaves)
	rash := len(w.failures) > 0 || w.waiting != "" || !w.healthy(g) && time.Since(g.since) < outlive
	if rash {
		agreed = slices.DeleteFunc(agreed, func(e inventory.Entry) bool { return !w.m.stands(e.Ref, e.Claims) })
	}
	w.deleteAll(ctx, g, agreed)
}

// leaves lists what is owned and nobody's by the tree, and brings the goal up
// to date; nothing, if the tree has changed since the pass began. What another
// addon declares is handed over, as soon as that addon has it on record.
func (w *worker) leaves(g *goal) []inventory.Entry {
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	now := w.snapshot()
	if now.generation != g.generation {
		return nil
	}
	*g = now
	return slices.DeleteFunc(w.undeclared(), func(entry inventory.Entry) bool {
		heir := w.m.owners[entry.Ref]
		if heir == "" || heir == w.name {
			return heir != ""
		}
		if w.m.workers[heir].owns(entry.Ref) {
			w.m.log.Info("handed over", "addon", w.name, "object", entry.String(), "to", heir)
			w.own(entry.Ref, nil)
			w.forget(entry.Ref)
		}
		return true
	})
}

// agreed is what of it may go: nothing as long as something holds it all, and
// without an approval nothing that needs one.
func (w *worker) agreed(ctx context.Context, g goal, leaves []inventory.Entry) []inventory.Entry {
	w.pending = nil
	if g.hold != "" || g.frozen != "" {
		return nil
	}
	var pending []object.Ref
	uids := map[object.Ref]string{}
	for _, entry := range leaves {
		if !entry.Keep && !entry.Approved && (g.over != "" || plan.Protected(entry.Ref)) {
			pending = append(pending, entry.Ref)
			uids[entry.Ref] = entry.UID
		}
	}
	if len(pending) == 0 {
		return leaves
	}
	token := plan.Token(uids)
	if w.m.asks.of(w.name).ApprovedPrune != token {
		w.pending = &api.PendingPrune{Token: token, Count: len(pending), Objects: names(pending)}
		return slices.DeleteFunc(leaves, func(e inventory.Entry) bool { return slices.Contains(pending, e.Ref) })
	}
	// The approval is for all of them, so it has to outlive the first deletion.
	for i, entry := range leaves {
		if slices.Contains(pending, entry.Ref) {
			leaves[i].Approved = true
			w.own(entry.Ref, &leaves[i])
		}
	}
	if err := w.write(ctx); err != nil {
		w.m.log.Warn("approval not written; nothing is pruned", "addon", w.name, "error", err)
		return nil
	}
	w.m.log.Info("prune approved", "addon", w.name, "objects", len(pending))
	return leaves
}

func names(refs []object.Ref) []string {
	slices.SortFunc(refs, func(a, b object.Ref) int {
		if plan.Protected(a) != plan.Protected(b) {
			if plan.Protected(a) {
				return -1 // What matters most is named first.
			}
			return 1
		}
		return a.Compare(b)
	})
	list := make([]string, 0, min(len(refs), pendingShown))
	for _, ref := range refs[:min(len(refs), pendingShown)] {
		list = append(list, ref.String())
	}
	return list
}

// deleteAll deletes in the reverse order of applying. What cannot go yet is
// tried again later.
func (w *worker) deleteAll(ctx context.Context, g goal, entries []inventory.Entry) {
	byStage := map[plan.Stage][]inventory.Entry{}
	for _, entry := range entries {
		if t := w.doomed[entry.Ref]; t == nil || !time.Now().Before(t.next) {
			byStage[plan.StageOf(entry.Ref)] = append(byStage[plan.StageOf(entry.Ref)], entry)
		}
	}
	stages := plan.Stages()
	slices.Reverse(stages)
	var gone []object.Ref
	for _, stage := range stages {
		var group errgroup.Group
		group.SetLimit(share)
		var mu sync.Mutex
		for _, entry := range byStage[stage] {
			group.Go(func() error {
				fate, why, err := w.remove(ctx, entry)
				mu.Lock()
				defer mu.Unlock()
				w.deleted(ctx, g, entry, fate, why, err)
				if err == nil && fate == apply.Gone {
					gone = append(gone, entry.Ref)
				}
				return nil
			})
		}
		_ = group.Wait() // The fates are recorded one by one.
		if ctx.Err() != nil {
			return
		}
	}
	if len(gone) > 0 {
		shown := names(gone)
		w.m.events.Tell(w.name, events.Normal, events.Pruned,
			strings.Join(shown, ", ")+more(len(gone)-len(shown))+" left the tree, and the cluster")
	}
}

// remove deletes an object, or lets go of one that stays.
func (w *worker) remove(ctx context.Context, entry inventory.Entry) (apply.Fate, string, error) {
	if entry.Keep {
		return apply.NotOurs, "it stays in the cluster, as the tree said", w.m.client.LetGo(ctx, w.name, entry.Ref)
	}
	return w.m.client.Delete(ctx, w.name, entry.Ref, entry.UID, w.m.alias(entry.Ref))
}

// forget forgets what is known of an object that is not the addon's any more.
func (w *worker) forget(ref object.Ref) {
	delete(w.doomed, ref)
	delete(w.health, ref)
	delete(w.undone, ref)
	delete(w.verdicts, ref)
}

// deleted records what came of one deletion. Only a confirmed one shrinks the inventory.
func (w *worker) deleted(ctx context.Context, g goal, entry inventory.Entry, fate apply.Fate, why string, err error) {
	if ctx.Err() != nil {
		return
	}
	ref := entry.Ref
	if err != nil {
		why = err.Error()
	}
	if err == nil && (fate == apply.Gone || fate == apply.NotOurs) {
		w.forget(ref)
		w.own(ref, nil)
		w.m.freed(ref, entry.Claims)
		w.m.metrics.Pruned()
		w.m.log.Info("pruned", "addon", w.name, "object", ref.String(), "fate", string(fate), "why", why, "revision", g.revision)
		return
	}
	t := w.doomed[ref]
	if t == nil {
		t = &trouble{reason: prunePending}
		w.doomed[ref] = t
	}
	if message := fmt.Sprintf("%s: %s", fate, why); t.message != message {
		t.message = message
		w.m.log.Info("not pruned yet", "addon", w.name, "object", ref.String(), "fate", string(fate), "why", why)
	}
	t.again(500*time.Millisecond, 30*time.Second)
}
