package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// gone is how long a deleted object is waited for before it is made again.
const gone = 10 * time.Second

// invalid looks for a way out where the API server refuses the merged object: it
// may be what people added to it, or a field that cannot change.
func (c *Client) invalid(ctx context.Context, resource dynamic.ResourceInterface, r Request, data []byte, refusal error) (Outcome, error) {
	if Exclusive(refusal) {
		return Outcome{}, refusal
	}
	// A field that nobody manages, a Service's address say, is refused before it is contested.
	if err := c.foreign(ctx, r); err != nil {
		return Outcome{}, err
	}
	took, err := c.migrate(ctx, r, people)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Took: strangers(took)}
	if len(took) > 0 {
		live, err := patch(ctx, resource, r, data, true)
		if err == nil {
			out.Live = live
			return out, nil
		}
		refusal = err
	}
	switch {
	case r.Object.Recreate && apierrors.IsInvalid(refusal):
		return c.recreate(ctx, resource, r, refusal)
	case immutable(refusal):
		// The way out comes first: some kinds' refusals print the whole object.
		return out, fmt.Errorf("it cannot change in place (annotate it with %s: \"true\" to have it deleted and made again): %w",
			api.RecreateAnnotation, refusal)
	}
	return out, refusal
}

// recreate deletes an object and makes it again, once the API server has said
// that it would accept it: a manifest that is merely wrong deletes nothing.
func (c *Client) recreate(ctx context.Context, resource dynamic.ResourceInterface, r Request, refusal error) (Outcome, error) {
	live, err := resource.Get(ctx, r.Object.Name, metav1.GetOptions{})
	if err != nil {
		return Outcome{}, err
	}
	if err := valid(ctx, resource, r, live); err != nil {
		return Outcome{}, refusal
	}
	if why, err := c.precious(ctx, r.Object.Ref); why != "" || err != nil {
		return Outcome{}, fmt.Errorf("%w (not deleted to be made again: %s)", refusal, first(why, err))
	}
	uid, background := live.GetUID(), metav1.DeletePropagationBackground
	err = resource.Delete(ctx, r.Object.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &uid}, PropagationPolicy: &background,
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return Outcome{}, err
	}
	if err := vanished(ctx, resource, live); err != nil {
		return Outcome{}, err
	}
	out, err := c.apply(ctx, resource, r)
	out.Recreated = err == nil
	return out, err
}

// valid asks the API server whether it would make an object, if there were none
// of its name. One that is valid is refused for its name alone.
func valid(ctx context.Context, resource dynamic.ResourceInterface, r Request, live *unstructured.Unstructured) error {
	manifest, err := decode(r.Object)
	if err != nil {
		return err
	}
	// What the old object has and the new one keeps is taken as long as the old one is there.
	unclaim(manifest, live)
	_, err = resource.Create(ctx, manifest, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: object.FieldManager(r.Addon)})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// unclaim takes the addresses and ports out of a Service that another one has as well.
func unclaim(manifest, live *unstructured.Unstructured) {
	spec, ok := manifest.Object["spec"].(map[string]any)
	if !ok || manifest.GetKind() != "Service" || manifest.GetAPIVersion() != "v1" {
		return
	}
	had, _ := live.Object["spec"].(map[string]any)
	for _, field := range []string{"clusterIP", "clusterIPs", "healthCheckNodePort"} {
		if equality.Semantic.DeepEqual(spec[field], had[field]) {
			delete(spec, field)
		}
	}
	taken := map[any]bool{}
	for _, port := range items(had["ports"]) {
		taken[port["nodePort"]] = true
	}
	for _, port := range items(spec["ports"]) {
		if taken[port["nodePort"]] {
			delete(port, "nodePort")
		}
	}
}

func items(list any) []map[string]any {
	values, _ := list.([]any)
	var found []map[string]any
	for _, value := range values {
		if fields, ok := value.(map[string]any); ok {
			found = append(found, fields)
		}
	}
	return found
}

// ErrHeld is wrapped where an object is being deleted to be made again, and is still there.
var ErrHeld = errors.New("it has to be made again, and is being deleted")

func vanished(ctx context.Context, resource dynamic.ResourceInterface, old *unstructured.Unstructured) error {
	deadline := time.Now().Add(gone)
	for {
		live, err := resource.Get(ctx, old.GetName(), metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err) || err == nil && live.GetUID() != old.GetUID():
			return nil
		case err != nil:
			return err
		case time.Now().After(deadline) || len(live.GetFinalizers()) > 0:
			// Nobody knows how long a finalizer takes; the others are not to wait for it.
			return fmt.Errorf("%w: %s", ErrHeld, held(live))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// immutable tells whether a refusal reads like one of a field that cannot change.
// The API has no code for it, so this only decides about a hint.
func immutable(err error) bool {
	text := err.Error()
	for _, part := range []string{"immutable", "may not change once set", "cannot be changed", "cannot change", "are forbidden", "updates to "} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// Exclusive tells whether an object was refused because another one has what it
// asks for: an address or a port.
func Exclusive(err error) bool {
	return apierrors.IsInvalid(err) && strings.Contains(err.Error(), "already allocated")
}

func first(why string, err error) string {
	if err != nil {
		return err.Error()
	}
	return why
}
