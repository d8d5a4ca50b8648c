package apply

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// Request is one object to be made true.
type Request struct {
	Addon  string
	Object object.Declared
	// Soon: the object's kind is being defined, so an unknown one is waited for.
	Soon bool
	// Known: the object is on record as applied by this addon.
	Known bool
	// Ours: it was applied just so, and no sibling's fields were seen on it. What
	// anybody changed is taken back without asking.
	Ours bool
	// Wary: it was refused before because another tool owns it.
	Wary bool
	// Declares tells whether another addon declares the object as well.
	Declares func(addon string) bool
}

// Outcome says what came of a request.
type Outcome struct {
	// Live is the object as it is then.
	Live *unstructured.Unstructured
	// Took lists the managers whose fields were taken over.
	Took []string
	// Left lists the sibling addons that have let go of the object.
	Left []string
	// Recreated: the object was deleted and made again.
	Recreated bool
}

// Apply makes one object true by server-side apply under the addon's field manager.
func (c *Client) Apply(ctx context.Context, r Request) (Outcome, error) {
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	resource, err := c.await(ctx, r.Object.Ref, r.Object.Version, r.Soon)
	if err != nil {
		return Outcome{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if r.Wary {
		if err := c.foreign(ctx, r); err != nil {
			return Outcome{}, err
		}
	}
	out, err := c.apply(ctx, resource, r)
	if unserved(err) {
		// The kind's definition went away since it was looked up.
		c.mapper.Forget()
	}
	return out, err
}

func (c *Client) apply(ctx context.Context, resource dynamic.ResourceInterface, r Request) (Outcome, error) {
	switch {
	case r.Object.EnsureExists:
		return c.ensure(ctx, resource, r)
	case len(r.Object.Ignore) > 0:
		return c.applyIgnoring(ctx, resource, r)
	}
	return c.send(ctx, resource, r, r.Object.Data)
}

// send applies data. The usual answer costs one request; the rest is for objects
// that somebody else has had a hand in.
func (c *Client) send(ctx context.Context, resource dynamic.ResourceInterface, r Request, data []byte) (Outcome, error) {
	live, err := patch(ctx, resource, r, data, r.Ours)
	switch {
	case err == nil && r.Ours:
		return Outcome{Live: live}, nil
	case err == nil:
		return c.joined(ctx, resource, r, data, live)
	case apierrors.IsConflict(err) && !r.Ours:
		return c.contest(ctx, resource, r, data, err)
	case apierrors.IsInvalid(err):
		return c.invalid(ctx, resource, r, data, err)
	}
	return Outcome{}, err
}

func patch(ctx context.Context, resource dynamic.ResourceInterface, r Request, data []byte, force bool) (*unstructured.Unstructured, error) {
	return resource.Patch(ctx, r.Object.Name, types.ApplyPatchType, data,
		metav1.PatchOptions{FieldManager: object.FieldManager(r.Addon), Force: &force})
}

// joined looks at an object that took our fields without a word: it may have
// been another tool's all the same, or have been applied from a client before.
func (c *Client) joined(ctx context.Context, resource dynamic.ResourceInterface, r Request, data []byte, live *unstructured.Unstructured) (Outcome, error) {
	others := managers(live, r.Addon)
	if len(others) == 0 {
		return Outcome{Live: live}, nil // We have just made it.
	}
	if err := owned(live, r.Object); err != nil && !r.Known {
		// What we added goes again; what we only agreed with stays theirs.
		return Outcome{}, orBoth(err, relinquish(ctx, resource, r.Addon, r.Object, live))
	}
	left, err := dismiss(ctx, resource, r, live)
	out := Outcome{Live: live, Left: left}
	if err != nil {
		return out, err
	}
	if !slices.ContainsFunc(live.GetManagedFields(), sent) && len(out.Left) == 0 {
		return out, nil
	}
	took, err := c.migrate(ctx, r, clients)
	if err != nil {
		return out, err
	}
	out.Took = strangers(took)
	out.Live, err = patch(ctx, resource, r, data, true)
	return out, err
}

// await finds the object's resource, waiting a little for one that is being defined.
func (c *Client) await(ctx context.Context, ref object.Ref, version string, soon bool) (dynamic.ResourceInterface, error) {
	deadline := time.Now().Add(settle)
	for {
		resource, err := c.resource(ctx, ref, version)
		if !soon || !meta.IsNoMatchError(err) || time.Now().After(deadline) {
			return resource, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Get reads one object.
func (c *Client) Get(ctx context.Context, ref object.Ref, version string) (*unstructured.Unstructured, error) {
	resource, err := c.resource(ctx, ref, version)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return resource.Get(ctx, ref.Name, metav1.GetOptions{})
}

func orBoth(err, second error) error {
	if second != nil {
		return fmt.Errorf("%w; and then: %w", err, second)
	}
	return err
}
