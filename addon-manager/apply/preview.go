package apply

import (
	"context"
	"encoding/json"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// Preview tells whether applying a request would change anything. Nothing is written.
func (c *Client) Preview(ctx context.Context, r Request) (changes bool, err error) {
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	resource, err := c.resource(ctx, r.Object.Ref, r.Object.Version)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	live, err := resource.Get(ctx, r.Object.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil || r.Object.EnsureExists {
		return false, err
	}
	data := r.Object.Data
	if len(r.Object.Ignore) > 0 {
		data = without(data, r.Object.Ignore)
	}
	force := true
	after, err := resource.Patch(ctx, r.Object.Name, types.ApplyPatchType, data, metav1.PatchOptions{
		FieldManager: object.FieldManager(r.Addon), Force: &force, DryRun: []string{metav1.DryRunAll},
	})
	if err != nil {
		return false, err
	}
	return !alike(live, after), nil
}

// alike compares two states of an object, without what every write changes.
func alike(a, b *unstructured.Unstructured) bool {
	return string(essence(a)) == string(essence(b))
}

func essence(u *unstructured.Unstructured) []byte {
	u = u.DeepCopy()
	u.SetManagedFields(nil)
	u.SetResourceVersion("")
	u.SetGeneration(0)
	data, err := json.Marshal(u.Object)
	if err != nil {
		return nil
	}
	return data
}
