package apply

import (
	"context"
	"encoding/json"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// initialManager holds fields that are set once and then left to others, an
// autoscaler say. Some manager has to: a field that its only owner stops
// applying falls back to its default.
const initialManager = "turnup-initial"

// applyIgnoring applies everything but the ignored fields, which are set only when
// the object is made.
func (c *Client) applyIgnoring(ctx context.Context, resource dynamic.ResourceInterface, r Request) (Outcome, error) {
	lean := without(r.Object.Data, r.Object.Ignore)
	live, err := resource.Get(ctx, r.Object.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		live, err = initial(ctx, resource, r.Object, r.Object.Data)
	case err == nil && !r.Known:
		err = owned(live, r.Object)
	}
	if err != nil {
		return Outcome{}, err
	}
	// The initial manager gets the fields before ours drops them: no moment without an owner.
	if _, err := hand(ctx, resource, r, live); err != nil {
		return Outcome{}, err
	}
	out, err := c.send(ctx, resource, r, lean)
	if err != nil {
		return out, err
	}
	out.Live, err = strip(ctx, resource, r, out.Live)
	return out, err
}

// hand lets the initial manager hold the ignored fields that the addon has
// applied until now, with the values that they have.
func hand(ctx context.Context, resource dynamic.ResourceInterface, r Request, live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	return hold(ctx, resource, r, live, func(live *unstructured.Unstructured) bool {
		return owns(live, object.FieldManager(r.Addon), r.Object.Ignore)
	}, object.FieldManager(r.Addon), initialManager)
}

// strip leaves the initial manager nothing but ignored fields.
func strip(ctx context.Context, resource dynamic.ResourceInterface, r Request, live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	return hold(ctx, resource, r, live, func(live *unstructured.Unstructured) bool {
		return manages(live, initialManager)
	}, initialManager)
}

// hold applies, as the initial manager, those ignored fields that some managers
// have, where that is due. A value that somebody else sets meanwhile is theirs: it is
// looked at again rather than forced back.
func hold(ctx context.Context, resource dynamic.ResourceInterface, r Request, live *unstructured.Unstructured,
	due func(*unstructured.Unstructured) bool, from ...string,
) (*unstructured.Unstructured, error) {
	const tries = 5
	for try := 1; due(live); try++ {
		var kept []string
		for _, path := range r.Object.Ignore {
			if slices.ContainsFunc(from, func(manager string) bool { return owns(live, manager, []string{path}) }) {
				kept = append(kept, path)
			}
		}
		force := false
		after, err := resource.Patch(ctx, r.Object.Name, types.ApplyPatchType, only(r.Object, live, kept),
			metav1.PatchOptions{FieldManager: initialManager, Force: &force})
		if err == nil {
			return after, nil
		}
		if !apierrors.IsConflict(err) || try == tries {
			return nil, err
		}
		if live, err = resource.Get(ctx, r.Object.Name, metav1.GetOptions{}); err != nil {
			return nil, err
		}
	}
	return live, nil
}

// initial makes an object as the initial manager.
func initial(ctx context.Context, resource dynamic.ResourceInterface, o object.Declared, data []byte) (*unstructured.Unstructured, error) {
	force := true
	return resource.Patch(ctx, o.Name, types.ApplyPatchType, data, metav1.PatchOptions{FieldManager: initialManager, Force: &force})
}

// without is an object's JSON without some fields.
func without(data []byte, paths []string) []byte {
	var content map[string]any
	if json.Unmarshal(data, &content) != nil {
		return data
	}
	for _, path := range paths {
		object.ParsePath(path).Remove(content)
	}
	lean, err := json.Marshal(content)
	if err != nil {
		return data
	}
	return lean
}

// only is an object's identity and some of its live fields.
func only(o object.Declared, live *unstructured.Unstructured, paths []string) []byte {
	content := map[string]any{}
	for _, path := range paths {
		object.ParsePath(path).Copy(live.Object, content)
	}
	metadata, ok := content["metadata"].(map[string]any)
	if !ok {
		metadata = map[string]any{}
	}
	metadata["name"] = o.Name
	if o.Namespace != "" {
		metadata["namespace"] = o.Namespace
	}
	content["metadata"] = metadata
	return encode(o, content)
}

func manages(live metav1.Object, manager string) bool {
	for _, entry := range live.GetManagedFields() {
		if entry.Manager == manager && entry.Operation == metav1.ManagedFieldsOperationApply && entry.Subresource == "" {
			return true
		}
	}
	return false
}

// owns tells whether a manager has applied one of some fields.
func owns(live metav1.Object, manager string, paths []string) bool {
	for _, entry := range live.GetManagedFields() {
		if entry.Manager != manager || entry.Operation != metav1.ManagedFieldsOperationApply || entry.FieldsV1 == nil {
			continue
		}
		var fields map[string]any
		if json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) != nil {
			continue
		}
		for _, path := range paths {
			if object.ParsePath(path).Owned(fields) {
				return true
			}
		}
	}
	return false
}
