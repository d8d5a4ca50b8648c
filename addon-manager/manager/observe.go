package manager

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/apply"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
)

// verdict is what a dry run said about an object.
type verdict struct {
	hash    string
	version uint64
	at      time.Time
	differs bool
	err     error
}

// observe tells what differs from the tree, and writes nothing.
func (w *worker) observe(ctx context.Context, g goal) time.Duration {
	w.found(g.generation)
	clear(w.failures)
	clear(w.doomed)
	w.pending = nil
	var group errgroup.Group
	group.SetLimit(share)
	var mu sync.Mutex
	var stale []plan.Object
	for _, o := range g.addon.Objects {
		if !w.judged(o) {
			stale = append(stale, o)
		}
	}
	for _, o := range stale {
		group.Go(func() error {
			version := w.m.drift.Lookup(o.Ref, w.name).Version
			differs, err := w.m.client.Preview(ctx, apply.Request{Addon: w.name, Object: o})
			mu.Lock()
			defer mu.Unlock()
			w.verdicts[o.Ref] = verdict{hash: o.Hash, version: version, at: time.Now(), differs: differs, err: err}
			return nil
		})
	}
	_ = group.Wait() // Errors are part of the verdicts.
	if ctx.Err() == nil {
		w.watch(ctx)
		w.publish(g)
	}
	return w.m.options.Interval
}

// judged tells whether the last verdict on an object still counts. One that was
// never applied carries no label that a watch could see: it is asked for again.
func (w *worker) judged(o plan.Object) bool {
	v, known := w.verdicts[o.Ref]
	if !known || v.hash != o.Hash {
		return false
	}
	if w.owns(o.Ref) && v.err == nil {
		return w.m.drift.Lookup(o.Ref, w.name).Version <= v.version
	}
	return time.Since(v.at) < w.m.options.Interval
}

// differing counts what is not as the tree has it, and is left so for now.
func (w *worker) differing(g goal) (refs []object.Ref) {
	if g.addon == nil {
		return nil
	}
	for _, o := range g.addon.Objects {
		v, judged := w.verdicts[o.Ref]
		entry, known := w.entry(o.Ref)
		t := w.undone[o.Ref]
		switch {
		case judged && v.differs && g.addon.Mode == api.Observe:
			refs = append(refs, o.Ref)
		case known && entry.Print != "" && t != nil && time.Now().Before(t.next) && w.drifted(entry):
			refs = append(refs, o.Ref)
		case known && entry.Print != "" && w.waiting == suspended && w.drifted(entry):
			refs = append(refs, o.Ref)
		}
	}
	return refs
}
