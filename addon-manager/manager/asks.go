package manager

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// asks is what people ask of the manager through the specs of its own objects:
// one watch for each of the two kinds.
type asks struct {
	m *Manager

	mu     sync.Mutex
	addons map[string]ask
	source sourceAsk
}

type ask struct {
	api.AddonSpec
	reconcile string
}

type sourceAsk struct {
	api.SourceSpec
	reconcile string
	// revision is what the last manager had in force.
	revision string
}

func newAsks(m *Manager) *asks { return &asks{m: m, addons: map[string]ask{}} }

// of returns what is asked of an addon.
func (a *asks) of(addon string) api.AddonSpec {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.addons[addon].AddonSpec
}

// origin returns what is asked of the source.
func (a *asks) origin() sourceAsk {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.source
}

// load reads both kinds: nothing that somebody suspended may start.
func (a *asks) load(ctx context.Context) error {
	for gvr, take := range a.kinds() {
		list, err := a.m.objects.Resource(gvr).List(ctx, metav1.ListOptions{})
		if apierrors.IsNotFound(err) {
			continue // An older installation has no such kind.
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", gvr.Resource, err)
		}
		for i := range list.Items {
			if err := take(&list.Items[i], false); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *asks) kinds() map[schema.GroupVersionResource]func(*unstructured.Unstructured, bool) error {
	return map[schema.GroupVersionResource]func(*unstructured.Unstructured, bool) error{
		api.Addons(): a.addon, api.Sources(): a.theSource,
	}
}

// watch keeps both up to date until ctx ends.
func (a *asks) watch(ctx context.Context) {
	for gvr, take := range a.kinds() {
		resource := a.m.objects.Resource(gvr)
		lw := &cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
				return resource.List(ctx, options)
			},
			WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
				return resource.Watch(ctx, options)
			},
		}
		sink := &sink{take: func(u *unstructured.Unstructured, gone bool) {
			if err := take(u, gone); err != nil {
				a.m.log.Warn("not understood", "kind", u.GetKind(), "name", u.GetName(), "error", err)
			}
		}}
		a.m.running.Go(func() {
			cache.NewReflectorWithOptions(cache.ToListWatcherWithWatchListSemantics(lw, a.m.objects), &unstructured.Unstructured{}, sink,
				cache.ReflectorOptions{Name: gvr.Resource, TypeDescription: gvr.Resource}).RunWithContext(ctx)
		})
	}
}

func (a *asks) addon(u *unstructured.Unstructured, gone bool) error {
	var addon api.Addon
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &addon); err != nil {
		return err
	}
	next := ask{addon.Spec, addon.Annotations[api.ReconcileAnnotation]}
	a.mu.Lock()
	news := a.addons[addon.Name] != next
	if gone {
		delete(a.addons, addon.Name)
	} else {
		a.addons[addon.Name] = next
	}
	a.mu.Unlock()
	if gone {
		a.m.writer.Deleted(addon.Name)
	}
	if news || gone {
		a.m.asked(addon.Name)
	}
	return nil
}

// asked makes an addon's worker look at what is asked of it.
func (m *Manager) asked(addon string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w := m.workers[addon]; w != nil {
		w.hurry.Store(true)
		w.poke()
	}
}

func (a *asks) theSource(u *unstructured.Unstructured, gone bool) error {
	var source api.AddonSource
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &source); err != nil {
		return err
	}
	if source.Name != api.SourceName {
		return nil
	}
	if gone {
		source = api.AddonSource{}
	}
	next := sourceAsk{source.Spec, source.Annotations[api.ReconcileAnnotation], source.Status.Revision}
	a.mu.Lock()
	last := a.source
	a.source = next
	a.mu.Unlock()
	if gone {
		a.m.writer.DeletedSource()
	}
	if !sameSource(last, next) {
		a.m.redirected(last, next)
	}
	return nil
}

func sameSource(a, b sourceAsk) bool {
	return a.reconcile == b.reconcile && reflect.DeepEqual(a.SourceSpec, b.SourceSpec)
}

// sink is the store that a reflector fills; it keeps nothing but the names.
type sink struct {
	take  func(u *unstructured.Unstructured, gone bool)
	names map[string]bool
}

func (s *sink) put(obj any, gone bool) {
	if u, ok := obj.(*unstructured.Unstructured); ok {
		if s.names == nil {
			s.names = map[string]bool{}
		}
		s.names[u.GetName()] = !gone
		s.take(u, gone)
	}
}

// Add, Update, Delete, Replace, Resync and Bookmark make it a reflector's store.
func (s *sink) Add(obj any) error    { s.put(obj, false); return nil }
func (s *sink) Update(obj any) error { s.put(obj, false); return nil }
func (s *sink) Delete(obj any) error { s.put(obj, true); return nil }
func (s *sink) Resync() error        { return nil }

// Bookmark is no news.
func (s *sink) Bookmark(string) error { return nil }

// Replace takes a whole new list: what it does not name is gone.
func (s *sink) Replace(list []any, _ string) error {
	before := s.names
	s.names = map[string]bool{}
	for _, obj := range list {
		s.put(obj, false)
	}
	for name, there := range before {
		if there && !s.names[name] {
			u := &unstructured.Unstructured{}
			u.SetName(name)
			s.take(u, true)
		}
	}
	return nil
}
