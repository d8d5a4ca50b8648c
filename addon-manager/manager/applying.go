package manager

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/apply"
	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/events"
	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
)

// share is how many requests one addon has under way: a webhook that hangs for
// its objects leaves room for the others'.
const share = 8

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
				w.waiting = w.m.gate(w, g.generation, g.addon)
			}
		}
		w.applyStage(ctx, g, stage, byStage[stage], defining)
	}
}

func (w *worker) applyStage(ctx context.Context, g goal, stage plan.Stage, objects []plan.Object, defining bool) {
	type task struct {
		object  plan.Object
		before  inventory.Entry
		request apply.Request
	}
	// All that is known is read before the first answer changes it.
	var tasks []task
	for _, o := range objects {
		entry, _ := w.entry(o.Ref)
		if w.waiting != "" && !stage.Foundation() && entry.Hash != o.Hash {
			continue // What is merely drifting is repaired at once.
		}
		tasks = append(tasks, task{o, entry, w.request(o, entry, defining)})
	}
	var group errgroup.Group
	group.SetLimit(share)
	var mu sync.Mutex
	for _, t := range tasks {
		group.Go(func() error {
			out, err := w.m.client.Apply(ctx, t.request)
			mu.Lock()
			defer mu.Unlock()
			w.applied(ctx, g, t.object, t.before, out, err)
			return nil
		})
	}
	_ = group.Wait() // The outcomes are recorded one by one.
}

func (w *worker) request(o plan.Object, entry inventory.Entry, defining bool) apply.Request {
	seen := w.m.drift.Lookup(o.Ref, w.name)
	t := w.failures[o.Ref]
	return apply.Request{
		Addon: w.name, Object: o, Soon: defining,
		Known:    entry.Print != "",
		Ours:     entry.Print != "" && entry.Hash == o.Hash && len(seen.Siblings) == 0,
		Wary:     t != nil && t.reason == foreignOwner || w.wary[o.Ref],
		Declares: func(addon string) bool { return w.m.declares(o.Ref) == addon },
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
	entry, _ := w.entry(o.Ref)
	if t := w.failures[o.Ref]; t != nil && t.hash == o.Hash {
		return !time.Now().Before(t.next) || t.held && w.vanished(entry)
	}
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

// vanished tells whether the watches saw an object go.
func (w *worker) vanished(entry inventory.Entry) bool {
	seen := w.m.drift.Lookup(entry.Ref, w.name)
	return entry.Print != "" && seen.Synced && !seen.Exists && seen.Version >= entry.Seen
}

// The reasons of failures that are more than a refusal.
const (
	applyFailed  = events.ApplyFailed
	foreignOwner = "ForeignOwner"
)

// applied records what came of one apply.
func (w *worker) applied(ctx context.Context, g goal, o plan.Object, before inventory.Entry, out apply.Outcome, err error) {
	if ctx.Err() != nil {
		return
	}
	w.report(o, out)
	if err != nil {
		w.refused(g, o, err)
		return
	}
	delete(w.failures, o.Ref)
	entry := inventory.Entry{
		Ref: o.Ref, Version: o.Version, UID: string(out.Live.GetUID()), Hash: o.Hash, Claims: claims(o, out),
		Print: object.Print(out.Live, w.name), Seen: object.Version(out.Live.GetResourceVersion()), Keep: w.keeps(o),
	}
	// It may have left the tree meanwhile, with an approval.
	current, _ := w.entry(o.Ref)
	entry.Approved = current.Approved
	w.own(o.Ref, &entry)
	if before.Print == "" {
		w.m.took(w, o.Ref)
	}
	w.health[o.Ref] = healthOf(o.Ref, out.Live)
	w.m.metrics.Applied()
	if hostPorts(o) && before.Hash != o.Hash {
		// It was accepted, and its pods may wait for a port that another one has.
		w.m.want(o.Ref, o.Claims)
	}
	switch {
	case before.Hash != o.Hash:
		delete(w.undone, o.Ref)
		w.m.log.Info("applied", "addon", w.name, "object", o.String(), "revision", g.revision)
	case before.Print != entry.Print || before.UID != entry.UID:
		w.repaired(o.Ref, before)
	}
}

// refused records why an object could not be applied, and when to try again.
func (w *worker) refused(g goal, o plan.Object, err error) {
	t := w.failures[o.Ref]
	if t == nil || t.hash != o.Hash {
		t = &trouble{hash: o.Hash}
		w.failures[o.Ref] = t
	}
	t.reason = applyFailed
	if errors.Is(err, apply.ErrForeign) {
		t.reason = foreignOwner
	}
	t.held = errors.Is(err, apply.ErrHeld)
	if t.message != err.Error() {
		w.m.log.Error("not applied", "addon", w.name, "object", o.String(), "file", o.File, "revision", g.revision, "error", err)
	}
	t.message = err.Error()
	t.again(200*time.Millisecond, 30*time.Second)
	if apply.Exclusive(err) {
		w.m.want(o.Ref, o.Claims)
	}
	w.m.metrics.Failed()
}

// report says once what an apply did to what others had.
func (w *worker) report(o plan.Object, out apply.Outcome) {
	if len(out.Took) > 0 {
		who := strings.Join(out.Took, ", ")
		w.m.log.Info("fields taken over", "addon", w.name, "object", o.String(), "from", who)
		w.m.events.Tell(w.name, events.Normal, events.TookOver, o.String()+": fields of "+who+" are this addon's now")
	}
	for _, sibling := range out.Left {
		w.m.log.Info("taken over", "addon", w.name, "object", o.String(), "from", sibling)
	}
	if out.Recreated {
		w.m.log.Info("deleted and made again", "addon", w.name, "object", o.String())
		w.m.events.Tell(w.name, events.Normal, events.Recreated, o.String()+": a field that cannot change has changed; it was deleted and made again, as its "+
			api.RecreateAnnotation+" says")
	}
}

// claims are what an object has now that no other can have.
func claims(o plan.Object, out apply.Outcome) []string {
	all := slices.Concat(o.Claims, build.Claims(out.Live.Object))
	slices.Sort(all)
	return slices.Compact(all)
}

func hostPorts(o plan.Object) bool {
	return slices.ContainsFunc(o.Claims, func(claim string) bool { return strings.HasPrefix(claim, "hostPort ") })
}

// watch declares the kinds of everything that was applied. All addons watch the
// same version of a kind, whichever their manifests are written in.
func (w *worker) watch(ctx context.Context) {
	kinds := map[schema.GroupKind]object.Ref{}
	w.mu.Lock()
	for ref, e := range w.inventory {
		if e.Print != "" {
			kinds[ref.GroupKind()] = ref
		}
	}
	w.mu.Unlock()
	for gk, ref := range kinds {
		gvr, _, err := w.m.client.Resource(ctx, ref, "")
		if err == nil {
			w.m.drift.Declare(w.m.context, gk, gvr)
		}
	}
}
