package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
)

// observer watches all objects of the trees, and so knows when they have which
// value: no word of those who applied them is taken for it.
type observer struct {
	client dynamic.Interface
	kinds  []kind

	mu      sync.Mutex
	values  map[string]string
	waiters map[*waiter]bool
	pending chan *unstructured.Unstructured
}

// waiter waits until all of want are as it says.
type waiter struct {
	want map[string]string
	done chan time.Time
}

// observe watches a namespace of a tree until ctx ends; it returns once all watches stand.
func observe(ctx context.Context, client dynamic.Interface, namespaces ...string) (*observer, error) {
	o := &observer{
		client: client, kinds: kinds(), values: map[string]string{}, waiters: map[*waiter]bool{},
		pending: make(chan *unstructured.Unstructured, 10_000),
	}
	var all errgroup.Group
	for _, namespace := range namespaces {
		for _, k := range o.kinds {
			all.Go(func() error { return o.open(ctx, k, namespace) })
		}
	}
	for range 2 {
		go o.roll(ctx)
	}
	return o, all.Wait()
}

// open watches one kind in one namespace. On a busy computer the API server ends
// the watch of a client that does not keep up; then it begins again with a list.
func (o *observer) open(ctx context.Context, k kind, namespace string) error {
	events, err := o.list(ctx, k, namespace)
	if err != nil {
		return fmt.Errorf("watch %s in %s: %w", k.gvr.Resource, namespace, err)
	}
	go func() {
		for events != nil && ctx.Err() == nil {
			for event := range events.ResultChan() {
				if u, ok := event.Object.(*unstructured.Unstructured); ok && event.Type != watch.Error {
					o.event(k, u, event.Type == watch.Deleted)
				}
			}
			events.Stop()
			// Without a cluster, the context has ended as well, or is about to.
			_ = eventually(ctx, time.Minute, func() (err error) {
				events, err = o.list(ctx, k, namespace)
				return err
			})
		}
	}()
	return nil
}

// list takes what there is as events, and goes on from there.
func (o *observer) list(ctx context.Context, k kind, namespace string) (watch.Interface, error) {
	resource := o.client.Resource(k.gvr).Namespace(namespace)
	list, err := resource.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for i := range list.Items {
		o.event(k, &list.Items[i], false)
	}
	hours := int64(4 * 3600)
	return resource.Watch(ctx, metav1.ListOptions{ResourceVersion: list.GetResourceVersion(), TimeoutSeconds: &hours})
}

func (o *observer) event(k kind, u *unstructured.Unstructured, deleted bool) {
	now := time.Now()
	key, value := k.name+"/"+u.GetName(), k.read(u.Object)
	if k.name == "Deployment" && !deleted {
		seen, _, _ := unstructured.NestedInt64(u.Object, "status", "observedGeneration")
		if seen != u.GetGeneration() {
			o.pending <- u
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if deleted {
		value = ""
	}
	o.values[key] = value
	for w := range o.waiters {
		if want, ok := w.want[key]; ok && want == value {
			delete(w.want, key)
			o.finish(w, now)
		}
	}
}

// finish ends a waiter that has nothing left to wait for; o.mu is held.
func (o *observer) finish(w *waiter, at time.Time) {
	if len(w.want) == 0 {
		delete(o.waiters, w)
		w.done <- at
	}
}

// expect begins to wait for values that are yet to come; those that are there
// already count if now is true.
func (o *observer) expect(want map[string]string, now bool) *waiter {
	w := &waiter{want: map[string]string{}, done: make(chan time.Time, 1)}
	o.mu.Lock()
	defer o.mu.Unlock()
	for key, value := range want {
		if !now || o.values[key] != value {
			w.want[key] = value
		}
	}
	o.waiters[w] = true
	o.finish(w, time.Now())
	return w
}

// errLate is returned when what was waited for did not come.
var errLate = errors.New("too late")

// wait returns when the last value was seen.
func (o *observer) wait(ctx context.Context, w *waiter, budget time.Duration) (time.Time, error) {
	timer := time.NewTimer(budget)
	defer timer.Stop()
	select {
	case at := <-w.done:
		return at, nil
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	case <-timer.C:
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.waiters, w)
	for key, want := range w.want {
		return time.Time{}, fmt.Errorf("%w: %d objects are not as expected after %s; %s has %q, not %q",
			errLate, len(w.want), budget, key, o.values[key], want)
	}
	return time.Now(), nil
}

// roll plays the Deployment controller: it says that there is nothing to roll out.
func (o *observer) roll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case u := <-o.pending:
			status := fmt.Sprintf(`{"status":{"observedGeneration":%d,"conditions":[{"type":"Available","status":"True","reason":"MinimumReplicasAvailable"},`+
				`{"type":"Progressing","status":"True","reason":"NewReplicaSetAvailable"}]}}`, u.GetGeneration())
			// The object may be gone again, and the next event brings another chance.
			_, _ = o.client.Resource(deployments()).Namespace(u.GetNamespace()).Patch(ctx, u.GetName(), types.MergePatchType,
				[]byte(status), metav1.PatchOptions{FieldManager: "kube-controller-manager"}, "status")
		}
	}
}
