package apply

import (
	"context"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// gone is how long a deleted object is waited for before it is made again.
const gone = 20 * time.Second

// invalid looks for a way out where the API server refuses the merged object: it
// may be what people added to it, or a field that cannot change.
func (c *Client) invalid(ctx context.Context, resource dynamic.ResourceInterface, r Request, data []byte, refusal error) (Outcome, error) {
	if Exclusive(refusal) {
		return Outcome{}, refusal
	}
	took, err := c.migrate(ctx, r, people)
	if err != nil {
		return Outcome{}, err
	}
	if len(took) > 0 {
		live, err := patch(ctx, resource, r, data, true)
		if err == nil {
			return Outcome{Live: live, Took: took}, nil
		}
		refusal = err
	}
	if !r.Object.Recreate {
		if immutable(refusal) {
			return Outcome{Took: took}, fmt.Errorf("%w (it cannot change in place; annotate it with %s: \"true\" to have it deleted and made again)",
				refusal, api.RecreateAnnotation)
		}
		return Outcome{Took: took}, refusal
	}
	return c.recreate(ctx, resource, r, data, refusal)
}

// recreate deletes an object and makes it again, once the API server has said
// that it would accept it: a manifest that is merely wrong deletes nothing.
func (c *Client) recreate(ctx context.Context, resource dynamic.ResourceInterface, r Request, data []byte, refusal error) (Outcome, error) {
	manifest, err := decode(r.Object)
	if err != nil {
		return Outcome{}, err
	}
	_, err = resource.Create(ctx, manifest, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: object.FieldManager(r.Addon)})
	// A valid one of the same name is refused for its name alone.
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return Outcome{}, refusal
	}
	if why, err := c.precious(ctx, r.Object.Ref); why != "" || err != nil {
		return Outcome{}, fmt.Errorf("%w (not deleted to be made again: %s)", refusal, first(why, err))
	}
	live, err := resource.Get(ctx, r.Object.Name, metav1.GetOptions{})
	if err != nil {
		return Outcome{}, err
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
	live, err = patch(ctx, resource, r, data, true)
	return Outcome{Live: live, Recreated: true}, err
}

func vanished(ctx context.Context, resource dynamic.ResourceInterface, old *unstructured.Unstructured) error {
	deadline := time.Now().Add(gone)
	for {
		live, err := resource.Get(ctx, old.GetName(), metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err) || err == nil && live.GetUID() != old.GetUID():
			return nil
		case err != nil:
			return err
		case time.Now().After(deadline):
			return fmt.Errorf("it has to be made again, and is being deleted: %s", held(live))
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
