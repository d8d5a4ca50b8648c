// Package drift watches everything the addons own: one watch per kind, only
// objects that carry our label, and of each nothing is kept but its uid, the
// fingerprint of our fields and its health. Of kinds whose being there is their
// health, only the metadata travels.
package drift

import (
	"context"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"

	"turnup.dev/kubectl-turnup/addon-manager/health"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// State is what the watches know about one object.
type State struct {
	// Synced is false until the kind's first list is in: nothing is known before.
	Synced bool
	Exists bool
	UID    string
	// Print is the fingerprint of the addon's fields, "" when it owns none.
	Print string
	// By is who, of all others, wrote to the object last.
	By string
	// Siblings are the other addons that own fields of the object.
	Siblings []string
	// Version is that of the object or, where it does not exist, of the newest
	// event of its kind.
	Version uint64
	// Health is the object's, as of Version.
	Health health.State
}

// Watcher watches the kinds that are declared to it.
type Watcher struct {
	metadata metadata.Interface
	objects  dynamic.Interface
	// changed is told of each event.
	changed func(object.Ref)
	// synced is told when a kind's whole list was (re)read.
	synced func(schema.GroupKind)

	mu    sync.Mutex
	kinds map[schema.GroupKind]*kind
}

// New returns a watcher of nothing.
func New(meta metadata.Interface, objects dynamic.Interface, changed func(object.Ref), synced func(schema.GroupKind)) *Watcher {
	return &Watcher{metadata: meta, objects: objects, changed: changed, synced: synced, kinds: map[schema.GroupKind]*kind{}}
}

// Declare makes sure that a kind is watched, until ctx ends.
func (w *Watcher) Declare(ctx context.Context, gk schema.GroupKind, gvr schema.GroupVersionResource) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if known, ok := w.kinds[gk]; ok {
		if known.gvr == gvr {
			return
		}
		known.stop()
	}
	ctx, stop := context.WithCancel(ctx)
	k := &kind{group: gk, gvr: gvr, stop: stop, watcher: w, objects: map[name]mark{}}
	w.kinds[gk] = k
	go k.run(ctx)
}

// Keep stops the watches of all kinds but these.
func (w *Watcher) Keep(kinds map[schema.GroupKind]bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for gk, k := range w.kinds {
		if !kinds[gk] {
			k.stop()
			delete(w.kinds, gk)
		}
	}
}

// Lookup returns what is known about an object of an addon.
func (w *Watcher) Lookup(ref object.Ref, addon string) State {
	w.mu.Lock()
	k := w.kinds[ref.GroupKind()]
	w.mu.Unlock()
	if k == nil {
		return State{}
	}
	return k.lookup(name{ref.Namespace, ref.Name}, addon)
}

type name struct{ namespace, name string }

// mark is what is kept of one object.
type mark struct {
	uid     string
	version uint64
	by      string
	prints  []print
	health  health.State
}

type print struct{ addon, print string }

// kind is the watch of one kind; it is the store that the reflector fills.
type kind struct {
	group   schema.GroupKind
	gvr     schema.GroupVersionResource
	stop    context.CancelFunc
	watcher *Watcher

	mu      sync.Mutex
	synced  bool
	version uint64
	objects map[name]mark
}

func (k *kind) run(ctx context.Context) {
	only := func(options metav1.ListOptions) metav1.ListOptions {
		options.LabelSelector = object.Label
		return options
	}
	whole, meta := k.watcher.objects.Resource(k.gvr), k.watcher.metadata.Resource(k.gvr)
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return whole.List(ctx, only(options))
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return whole.Watch(ctx, only(options))
		},
	}
	var client, expected any = k.watcher.objects, &unstructured.Unstructured{}
	if health.Passive(object.Ref{Group: k.group.Group, Kind: k.group.Kind}) {
		source.ListWithContextFunc = func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return meta.List(ctx, only(options))
		}
		source.WatchFuncWithContext = func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return meta.Watch(ctx, only(options))
		}
		client, expected = k.watcher.metadata, &metav1.PartialObjectMetadata{}
	}
	cache.NewReflectorWithOptions(cache.ToListWatcherWithWatchListSemantics(source, client), expected, k,
		cache.ReflectorOptions{Name: k.group.String(), TypeDescription: k.group.String()}).RunWithContext(ctx)
}

func markOf(meta metav1.Object) mark {
	m := mark{uid: strings.Clone(string(meta.GetUID())), version: object.Version(meta.GetResourceVersion()), by: strings.Clone(object.LastWriter(meta))}
	for _, addon := range object.Owners(meta) {
		m.prints = append(m.prints, print{strings.Clone(addon), object.Print(meta, addon)})
	}
	m.health = health.State{Healthy: true, Version: m.version}
	if whole, ok := meta.(*unstructured.Unstructured); ok {
		m.health = health.Of(whole)
	}
	return m
}

func (k *kind) lookup(n name, addon string) State {
	k.mu.Lock()
	defer k.mu.Unlock()
	m, exists := k.objects[n]
	if !exists {
		return State{Synced: k.synced, Version: k.version}
	}
	state := State{Synced: k.synced, Exists: true, UID: m.uid, Version: m.version, By: m.by, Health: m.health}
	for _, p := range m.prints {
		if p.addon == addon {
			state.Print = p.print
		} else {
			state.Siblings = append(state.Siblings, p.addon)
		}
	}
	return state
}

func (k *kind) put(obj any, exists bool) {
	meta, ok := obj.(metav1.Object)
	if !ok {
		return
	}
	n, m := name{strings.Clone(meta.GetNamespace()), strings.Clone(meta.GetName())}, markOf(meta)
	k.mu.Lock()
	if exists {
		k.objects[n] = m
	} else {
		delete(k.objects, n)
	}
	k.version = max(k.version, m.version)
	k.mu.Unlock()
	k.watcher.changed(object.Ref{Group: k.group.Group, Kind: k.group.Kind, Namespace: n.namespace, Name: n.name})
}

// Add, Update, Delete, Replace, Bookmark and Resync make a kind a store that a
// reflector fills.
func (k *kind) Add(obj any) error    { k.put(obj, true); return nil }
func (k *kind) Update(obj any) error { k.put(obj, true); return nil }
func (k *kind) Delete(obj any) error { k.put(obj, false); return nil }
func (k *kind) Resync() error        { return nil }

// Bookmark moves the kind's version on while nothing happens to it.
func (k *kind) Bookmark(version string) error {
	k.mu.Lock()
	k.version = max(k.version, object.Version(version))
	k.mu.Unlock()
	return nil
}

// Replace takes a whole new list.
func (k *kind) Replace(list []any, version string) error {
	objects := make(map[name]mark, len(list))
	for _, obj := range list {
		if meta, ok := obj.(metav1.Object); ok {
			objects[name{strings.Clone(meta.GetNamespace()), strings.Clone(meta.GetName())}] = markOf(meta)
		}
	}
	k.mu.Lock()
	k.objects, k.synced = objects, true
	k.version = max(k.version, object.Version(version))
	k.mu.Unlock()
	k.watcher.synced(k.group)
	return nil
}
