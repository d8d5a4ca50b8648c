package status

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

const fieldManager = "turnup-addon-manager"

// Writer writes Addon objects in the background, each only when it changed, and
// the newest only: nobody waits for it.
type Writer struct {
	client dynamic.Interface
	log    *slog.Logger

	mu      sync.Mutex
	written map[string]api.AddonStatus
	exists  map[string]bool
	pending map[string]*api.AddonStatus // nil: remove it
	wake    chan struct{}
}

// NewWriter returns a writer; Run makes it write.
func NewWriter(client dynamic.Interface, log *slog.Logger) *Writer {
	return &Writer{
		client: client, log: log, written: map[string]api.AddonStatus{}, exists: map[string]bool{},
		pending: map[string]*api.AddonStatus{}, wake: make(chan struct{}, 1),
	}
}

// Load reads what an earlier manager wrote, so that nothing is written twice.
func (w *Writer) Load(ctx context.Context) error {
	list, err := api.ListAddons(ctx, w.client)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, addon := range list {
		w.written[addon.Name], w.exists[addon.Name] = addon.Status, true
	}
	return nil
}

// Names lists the addons that have an object.
func (w *Writer) Names() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for name := range w.exists {
		names = append(names, name)
	}
	return names
}

// Put makes a status the addon's newest.
func (w *Writer) Put(addon string, s api.AddonStatus) { w.queue(addon, &s) }

// Remove deletes an addon's object.
func (w *Writer) Remove(addon string) { w.queue(addon, nil) }

func (w *Writer) queue(addon string, s *api.AddonStatus) {
	w.mu.Lock()
	w.pending[addon] = s
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run writes until ctx ends.
func (w *Writer) Run(ctx context.Context) {
	pause := time.Duration(0)
	for {
		var again <-chan time.Time
		if pause > 0 {
			again = time.After(pause)
		}
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-again:
		}
		if w.flush(ctx) {
			pause = 0
		} else {
			pause = min(2*pause+200*time.Millisecond, 10*time.Second)
		}
	}
}

// flush writes what is pending, and tells whether all of it arrived.
func (w *Writer) flush(ctx context.Context) bool {
	w.mu.Lock()
	work := w.pending
	w.pending = map[string]*api.AddonStatus{}
	w.mu.Unlock()
	done := true
	for addon, s := range work {
		err := w.write(ctx, addon, s)
		if err == nil {
			continue
		}
		done = false
		w.log.Warn("status not written", "addon", addon, "error", err)
		w.mu.Lock()
		if _, newer := w.pending[addon]; !newer {
			w.pending[addon] = s
		}
		w.mu.Unlock()
	}
	return done
}

func (w *Writer) write(ctx context.Context, addon string, s *api.AddonStatus) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	w.mu.Lock()
	last, exists := w.written[addon], w.exists[addon]
	w.mu.Unlock()
	resource := w.client.Resource(api.Addons())
	if s == nil {
		if err := resource.Delete(ctx, addon, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
		w.mu.Lock()
		delete(w.written, addon)
		delete(w.exists, addon)
		w.mu.Unlock()
		return nil
	}
	next := *s
	next.Conditions = stamp(last.Conditions, s.Conditions)
	if exists && equality.Semantic.DeepEqual(last, next) {
		return nil
	}
	if !exists {
		if err := w.patch(ctx, addon, nil); err != nil {
			return err
		}
	}
	err := w.patch(ctx, addon, &next, "status")
	if apierrors.IsNotFound(err) {
		// Somebody deleted it; the next try makes it again.
		w.mu.Lock()
		delete(w.exists, addon)
		w.mu.Unlock()
	}
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.written[addon], w.exists[addon] = next, true
	w.mu.Unlock()
	return nil
}

func (w *Writer) patch(ctx context.Context, addon string, s *api.AddonStatus, subresource ...string) error {
	body := map[string]any{
		"apiVersion": api.Addons().GroupVersion().String(), "kind": "Addon", "metadata": map[string]any{"name": addon},
	}
	if s != nil {
		body["status"] = s
	}
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode status: %w", err)
	}
	force := true
	_, err = w.client.Resource(api.Addons()).Patch(ctx, addon, types.ApplyPatchType, data,
		metav1.PatchOptions{FieldManager: fieldManager, Force: &force}, subresource...)
	return err
}

// stamp keeps the transition time of each condition that stays as it was.
func stamp(last, next []metav1.Condition) []metav1.Condition {
	now := metav1.NewTime(time.Now().Truncate(time.Second))
	stamped := make([]metav1.Condition, len(next))
	for i, condition := range next {
		condition.LastTransitionTime = now
		for _, old := range last {
			if old.Type == condition.Type && old.Status == condition.Status {
				condition.LastTransitionTime = old.LastTransitionTime
			}
		}
		stamped[i] = condition
	}
	return stamped
}
