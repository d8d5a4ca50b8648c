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

const (
	// glance is the least time between two looks at an addon's health.
	glance = 100 * time.Millisecond
	// relook is when an unhealthy object is looked at without an event.
	relook = 2 * time.Second
)

// examine looks at the health of what changed since the last look.
func (w *worker) examine(ctx context.Context, g goal) {
	if time.Since(w.looked) < glance {
		return
	}
	var group errgroup.Group
	group.SetLimit(share)
	var mu sync.Mutex
	var curious []plan.Object
	for _, o := range g.addon.Objects {
		if w.curious(o.Ref) {
			curious = append(curious, o)
		}
	}
	if len(curious) > 0 {
		w.looked = time.Now()
	}
	for _, o := range curious {
		group.Go(func() error {
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
			return nil
		})
	}
	_ = group.Wait() // What went wrong is part of the health.
}

func healthOf(ref object.Ref, live *unstructured.Unstructured) health.State {
	if health.Passive(ref) {
		return health.State{Healthy: true, Version: object.Version(live.GetResourceVersion())}
	}
	return health.Of(live)
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

// nextLook says when an object's health is to be asked for without an event.
func (w *worker) nextLook(addon *plan.Addon, in func(time.Duration)) {
	for _, o := range addon.Objects {
		state, known := w.health[o.Ref]
		switch seen := w.m.drift.Lookup(o.Ref, w.name); {
		case known && seen.Exists && seen.Version > state.Version && !health.Passive(o.Ref):
			in(glance - time.Since(w.looked))
		case known && !state.Healthy:
			in(relook)
		}
	}
}

// healthy tells whether every declared object does its work.
func (w *worker) healthy(g goal) bool {
	if g.addon == nil {
		return false
	}
	for _, o := range g.addon.Objects {
		if !w.health[o.Ref].Healthy {
			return false
		}
	}
	return true
}
