package manager

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"turnup.dev/kubectl-turnup/addon-manager/health"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
)

// relook is when an unhealthy object is asked for without an event: some rules
// of health depend on the time (a pod that stays unschedulable).
const relook = 15 * time.Second

// state is an object's health: what its last apply answered or, where that is
// newer, what the watches have seen.
func (w *worker) state(ref object.Ref) (state health.State, known bool) {
	state, known = w.health[ref]
	seen := w.m.drift.Lookup(ref, w.name)
	switch {
	case !seen.Synced:
		return state, known
	case seen.Exists && (!known || seen.Version > state.Version):
		return seen.Health, true
	case !seen.Exists && known && seen.Version > state.Version:
		return health.State{Message: "it does not exist", Version: seen.Version}, true
	}
	return state, known
}

// examine asks for the unhealthy objects that nothing has been heard of for a while.
func (w *worker) examine(ctx context.Context, g goal) {
	var sick []plan.Object
	for _, o := range g.addon.Objects {
		if state, known := w.state(o.Ref); known && !state.Healthy && w.owns(o.Ref) {
			sick = append(sick, o)
		}
	}
	if len(sick) > 0 && time.Since(w.looked) < relook {
		return
	}
	w.looked = time.Now() // What is well is not asked for, and counts as looked at.
	var group errgroup.Group
	group.SetLimit(share)
	var mu sync.Mutex
	for _, o := range sick {
		group.Go(func() error {
			live, err := w.m.client.Get(ctx, o.Ref, o.Version)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				w.health[o.Ref] = healthOf(o.Ref, live)
			case apierrors.IsNotFound(err):
				w.health[o.Ref] = health.State{Message: "it does not exist"}
			}
			return nil
		})
	}
	_ = group.Wait() // Who does not answer now is asked again.
}

func healthOf(ref object.Ref, live *unstructured.Unstructured) health.State {
	if health.Passive(ref) {
		return health.State{Healthy: true, Version: object.Version(live.GetResourceVersion())}
	}
	return health.Of(live)
}

// healthy tells whether every declared object does its work.
func (w *worker) healthy(g goal) bool {
	return w.all(g, func(s health.State) bool { return s.Healthy })
}

// mostly tells whether every declared object does its work, on most nodes at least.
func (w *worker) mostly(g goal) bool {
	return w.all(g, health.State.Mostly)
}

func (w *worker) all(g goal, are func(health.State) bool) bool {
	if g.addon == nil {
		return false
	}
	for _, o := range g.addon.Objects {
		if state, _ := w.state(o.Ref); !are(state) {
			return false
		}
	}
	return true
}
