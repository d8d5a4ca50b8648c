package status

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// FieldManager is the name under which the manager writes statuses; it owns
// nothing of a spec.
const FieldManager = "turnup-addon-manager"

// patience is how long one request may take.
const patience = 10 * time.Second

// deliver makes one object what it is wanted to be, and records how it went.
func (w *Writer) deliver(ctx context.Context, k key) {
	w.mu.Lock()
	r := w.records[k]
	if r == nil || !r.waiting() {
		w.mu.Unlock()
		return
	}
	wanted, remove, exists := r.wanted, r.remove, r.exists
	w.mu.Unlock()
	var uid types.UID
	var err error
	if remove {
		err = w.delete(ctx, k)
	} else {
		uid, err = w.write(ctx, k, wanted, exists)
	}
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		w.failed(k, r, err)
		return
	}
	w.delivered(k, r, wanted, remove, uid)
}

func (w *Writer) delivered(k key, r *record, wanted *status, remove bool, uid types.UID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	w.pause, w.tries = time.Time{}, 0
	r.tries, r.last, r.said = 0, now, ""
	if remove {
		if r.remove {
			delete(w.records, k)
			return
		}
		r.remake(now) // It was put again meanwhile.
		return
	}
	for _, t := range transitions(k, r.written, *wanted) {
		w.tell(t)
	}
	r.written, r.exists, r.uid = *wanted, true, uid
	newer, given := r.wanted, r.given
	r.wanted = nil
	if newer != nil && newer != wanted {
		// It is completed once more: what came before it is another now.
		r.want(k, given, now)
	}
}

// failed lets a status wait. Where the API server itself is the reason, all wait.
func (w *Writer) failed(k key, r *record, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	switch {
	case apierrors.IsNotFound(err) && r.exists:
		r.remake(now) // Somebody deleted it.
		return
	case away(err):
		if !w.pause.After(now) {
			w.pause = now.Add(backoff(&w.tries, 10*time.Second))
		}
	default:
		r.due = now.Add(backoff(&r.tries, 30*time.Second))
	}
	if err.Error() != r.said {
		r.said = err.Error()
		w.log.Warn("status not written", "object", k.name, "error", err)
	}
}

// away tells whether an error speaks of the API server, rather than of one object
// or of a kind that it does not serve.
func away(err error) bool {
	switch {
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsForbidden(err), apierrors.IsConflict(err),
		apierrors.IsNotFound(err), apierrors.IsRequestEntityTooLargeError(err):
		return false
	}
	return true
}

func (k key) resource(client dynamic.Interface) dynamic.ResourceInterface {
	if k.source {
		return client.Resource(api.Sources())
	}
	return client.Resource(api.Addons())
}

func (w *Writer) delete(ctx context.Context, k key) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := k.resource(w.client).Delete(ctx, k.name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// write applies a status, to an object that is made first where there is none.
func (w *Writer) write(ctx context.Context, k key, s *status, exists bool) (types.UID, error) {
	if !exists {
		if uid, err := w.patch(ctx, k, nil); err != nil {
			return uid, err
		}
	}
	return w.patch(ctx, k, s, "status")
}

func (w *Writer) patch(ctx context.Context, k key, s *status, subresource ...string) (types.UID, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	kind := "Addon"
	if k.source {
		kind = "AddonSource"
	}
	body := map[string]any{
		"apiVersion": api.GroupVersion().String(), "kind": kind, "metadata": map[string]any{"name": k.name},
	}
	switch {
	case s != nil && k.source:
		body["status"] = s.source
	case s != nil:
		body["status"] = s.addon
	}
	data, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("encode status: %w", err)
	}
	force := true
	u, err := k.resource(w.client).Patch(ctx, k.name, types.ApplyPatchType, data,
		metav1.PatchOptions{FieldManager: FieldManager, Force: &force}, subresource...)
	if err != nil {
		return "", err
	}
	return u.GetUID(), nil
}
