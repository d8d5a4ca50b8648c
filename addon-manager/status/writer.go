// Package status is what the manager tells about each addon and about its
// source: the status of Addon and AddonSource objects.
package status

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

const (
	// settle is how long a status that somebody still works on waits for the next
	// one, which then is the only one written.
	settle = 300 * time.Millisecond
	// settleReady is the same for an addon that is ready: little more will follow.
	settleReady = 50 * time.Millisecond
	// latest is how long a status may wait while newer ones keep coming.
	latest = time.Second
	// spacing is the least time between two writes that differ in nothing but
	// numbers and messages.
	spacing = 2 * time.Second
	// writers bounds the requests under way.
	writers = 4
)

// Writer writes the status of Addon objects and of the AddonSource in the
// background: the newest only, and only where something changed. Nobody waits
// for it. What it holds grows with the number of addons and with nothing else.
type Writer struct {
	client dynamic.Interface
	log    *slog.Logger
	tell   func(Transition)
	wake   chan struct{}

	mu      sync.Mutex
	records map[key]*record
	// pause ends when the API server may be asked again after it failed.
	pause time.Time
	tries int
}

// NewWriter returns a writer; Run makes it write.
func NewWriter(client dynamic.Interface, log *slog.Logger) *Writer {
	return &Writer{
		client: client, log: log, tell: func(Transition) {}, wake: make(chan struct{}, 1), records: map[key]*record{},
	}
}

// Tell sets who hears each transition once it is written, before Run. It must not block.
func (w *Writer) Tell(tell func(Transition)) { w.tell = tell }

// Load reads what an earlier manager wrote, so that nothing is written twice
// and histories go on.
func (w *Writer) Load(ctx context.Context) error {
	addons, err := api.ListAddons(ctx, w.client)
	// Whoever deleted the kind has not taken the addons away; the tree brings it back.
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	source, made, err := api.ReadSource(ctx, w.client)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, addon := range addons {
		w.records[ofAddon(addon.Name)] = &record{written: status{addon: addon.Status}, exists: true, uid: addon.UID}
	}
	w.records[ofSource()] = &record{written: status{source: source.Status}, exists: made, uid: source.UID}
	return nil
}

// Names lists the addons that have an object, or are to get one.
func (w *Writer) Names() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for k, r := range w.records {
		if !k.source && !r.remove {
			names = append(names, k.name)
		}
	}
	return names
}

// Last is an addon's newest status, written or not; false if it has none.
func (w *Writer) Last(addon string) (api.AddonStatus, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.records[ofAddon(addon)]
	if r == nil || r.remove {
		return api.AddonStatus{}, false
	}
	return r.newest().addon, true
}

// LastSource is the source's newest status, written or not.
func (w *Writer) LastSource() api.SourceStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.records[ofSource()]; r != nil {
		return r.newest().source
	}
	return api.SourceStatus{}
}

// UID is that of an addon's object, or of the source's where the name is "";
// empty if there is none that the writer knows of.
func (w *Writer) UID(addon string) types.UID {
	k := ofAddon(addon)
	if addon == "" {
		k = ofSource()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.records[k]; r != nil && r.exists {
		return r.uid
	}
	return ""
}

// Since is the revision in which an addon came to be what a tree hash stands
// for: that of its last status if it had the same hash, else the given one.
func (w *Writer) Since(addon, treeHash, revision string) string {
	if last, ok := w.Last(addon); ok && last.TreeHash == treeHash && treeHash != "" && last.Revision != "" {
		return last.Revision
	}
	return revision
}

// Put makes a status the addon's newest. Its history is the writer's to keep, and
// so are the times of its conditions.
func (w *Writer) Put(addon string, s api.AddonStatus) { w.put(ofAddon(addon), status{addon: s}) }

// PutSource makes a status the AddonSource's newest.
func (w *Writer) PutSource(s api.SourceStatus) { w.put(ofSource(), status{source: s}) }

func (w *Writer) put(k key, next status) {
	w.mu.Lock()
	r := w.records[k]
	if r == nil {
		r = &record{}
		w.records[k] = r
	}
	r.want(k, next, time.Now())
	w.mu.Unlock()
	w.poke()
}

// Remove deletes an addon's object.
func (w *Writer) Remove(addon string) {
	w.mu.Lock()
	r := w.records[ofAddon(addon)]
	if r == nil {
		r = &record{exists: true} // Nobody knows; deleting finds out.
		w.records[ofAddon(addon)] = r
	}
	r.forget(time.Now())
	w.mu.Unlock()
	w.poke()
}

// Deleted is to be called when a watch sees an addon's object go. One whose addon
// is still there is made again, with the history it had.
func (w *Writer) Deleted(addon string) { w.deleted(ofAddon(addon)) }

// DeletedSource is Deleted for the AddonSource.
func (w *Writer) DeletedSource() { w.deleted(ofSource()) }

func (w *Writer) deleted(k key) {
	w.mu.Lock()
	r := w.records[k]
	if r != nil && !r.remove {
		r.remake(time.Now())
	}
	w.mu.Unlock()
	w.poke()
}

func (w *Writer) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run writes until ctx ends.
func (w *Writer) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-timer.C:
		}
		w.flush(ctx)
		if next, ok := w.next(); ok {
			timer.Reset(max(time.Until(next), time.Millisecond))
		} else {
			timer.Stop()
		}
	}
}

// next is when the next status is due; false if none waits.
func (w *Writer) next() (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var earliest time.Time
	for _, r := range w.records {
		if r.waiting() && (earliest.IsZero() || r.due.Before(earliest)) {
			earliest = r.due
		}
	}
	if earliest.Before(w.pause) {
		return w.pause, !earliest.IsZero()
	}
	return earliest, !earliest.IsZero()
}

// flush writes what is due.
func (w *Writer) flush(ctx context.Context) {
	var group sync.WaitGroup
	slots := make(chan struct{}, writers)
	for _, k := range w.due() {
		slots <- struct{}{}
		if w.paused() || ctx.Err() != nil {
			break
		}
		group.Go(func() {
			defer func() { <-slots }()
			w.deliver(ctx, k)
		})
	}
	group.Wait()
}

func (w *Writer) due() (keys []key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	for k, r := range w.records {
		if r.waiting() && !r.due.After(now) && !w.pause.After(now) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b key) int { return w.records[a].due.Compare(w.records[b].due) })
	return keys
}

func (w *Writer) paused() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pause.After(time.Now())
}
