// Package drift watches the metadata of everything the addons own: one watch
// per kind, only objects that carry our label, and of each only its uid and the
// fingerprint of our fields. Nothing else is kept in memory.
package drift

import (
	"context"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"

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
}

// Watcher watches the kinds that are declared to it.
type Watcher struct {
	client metadata.Interface
	// changed is told of each event.
	changed func(object.Ref)
	// synced is told when a kind's whole list was (re)read.
	synced func(schema.GroupKind)

	mu    sync.Mutex
	kinds map[schema.GroupKind]*kind
}

// New returns a watcher of nothing.
func New(client metadata.Interface, changed func(object.Ref), synced func(schema.GroupKind)) *Watcher {
	return &Watcher{client: client, changed: changed, synced: synced, kinds: map[schema.GroupKind]*kind{}}
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
	go k.run(ctx, w.client)
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

// Len is how many objects are remembered.
func (w *Watcher) Len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, k := range w.kinds {
		k.mu.Lock()
		n += len(k.objects)
		k.mu.Unlock()
	}
	return n
}

type name struct{ namespace, name string }

// mark is what is kept of one object.
type mark struct {
	uid     string
	version uint64
	by      string
	prints  []print
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

func (k *kind) run(ctx context.Context, client metadata.Interface) {
	only := func(options metav1.ListOptions) metav1.ListOptions {
		options.LabelSelector = object.Label
		return options
	}
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return client.Resource(k.gvr).List(ctx, only(options))
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return client.Resource(k.gvr).Watch(ctx, only(options))
		},
	}
	cache.NewReflectorWithOptions(cache.ToListWatcherWithWatchListSemantics(source, client), &metav1.PartialObjectMetadata{}, k,
		cache.ReflectorOptions{Name: k.group.String()}).RunWithContext(ctx)
}

func markOf(meta *metav1.PartialObjectMetadata) mark {
	m := mark{uid: string(meta.UID), version: object.Version(meta.ResourceVersion), by: strings.Clone(object.LastWriter(meta))}
	for _, addon := range object.Owners(meta) {
		m.prints = append(m.prints, print{addon, object.Print(meta, addon)})
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
	state := State{Synced: k.synced, Exists: true, UID: m.uid, Version: m.version, By: m.by}
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
	meta, ok := obj.(*metav1.PartialObjectMetadata)
	if !ok {
		return
	}
	n, m := name{meta.Namespace, meta.Name}, markOf(meta)
	k.mu.Lock()
	if exists {
		k.objects[n] = m
	} else {
		delete(k.objects, n)
	}
	k.version = max(k.version, m.version)
	k.mu.Unlock()
	k.watcher.changed(object.Ref{Group: k.group.Group, Kind: k.group.Kind, Namespace: meta.Namespace, Name: meta.Name})
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
		if meta, ok := obj.(*metav1.PartialObjectMetadata); ok {
			objects[name{meta.Namespace, meta.Name}] = markOf(meta)
		}
	}
	k.mu.Lock()
	k.objects, k.synced = objects, true
	k.version = max(k.version, object.Version(version))
	k.mu.Unlock()
	k.watcher.synced(k.group)
	return nil
}

// Synced waits until the first list of every declared kind is in, or the time is up.
func (w *Watcher) Synced(ctx context.Context, budget time.Duration) bool {
	deadline := time.Now().Add(budget)
	for time.Now().Before(deadline) && ctx.Err() == nil {
		if w.ready() {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return w.ready()
}

func (w *Watcher) ready() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range w.kinds {
		k.mu.Lock()
		synced := k.synced
		k.mu.Unlock()
		if !synced {
			return false
		}
	}
	return true
}
