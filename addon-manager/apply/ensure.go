package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// ensure makes an object that is missing and leaves one that is there as it is.
// Only our label is put on it, so that a watch sees when it goes.
func (c *Client) ensure(ctx context.Context, resource dynamic.ResourceInterface, r Request) (Outcome, error) {
	manifest, err := decode(r.Object)
	if err != nil {
		return Outcome{}, err
	}
	var out Outcome
	_, err = resource.Create(ctx, manifest, metav1.CreateOptions{FieldManager: initialManager})
	if apierrors.IsAlreadyExists(err) {
		out.Left, err = c.spare(ctx, r)
	}
	if err != nil {
		return out, err
	}
	out.Live, err = patch(ctx, resource, r, identity(r.Object, map[string]any{"labels": map[string]any{object.Label: r.Addon}}), true)
	return out, err
}

// spare makes addons own nothing of an object that only has to be there: what
// they applied before would go away with their claim to it.
func (c *Client) spare(ctx context.Context, r Request) (left []string, err error) {
	resource, err := c.meta(ctx, r.Object.Ref)
	if err != nil {
		return nil, err
	}
	live, err := resource.Get(ctx, r.Object.Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	for _, owner := range object.Owners(live) {
		switch {
		case owner == r.Addon && labelOnly(live, object.FieldManager(owner)):
			continue
		case owner != r.Addon && r.Declares(owner):
			return left, fmt.Errorf("addon %s declares it too", owner)
		case owner != r.Addon:
			left = append(left, owner)
		}
		if err := c.LetGo(ctx, owner, r.Object.Ref); err != nil {
			return left, err
		}
	}
	return left, nil
}

// labelOnly tells whether a manager has applied nothing but our label.
func labelOnly(live metav1.Object, manager string) bool {
	for _, entry := range live.GetManagedFields() {
		if entry.Manager != manager || entry.Operation != metav1.ManagedFieldsOperationApply || entry.FieldsV1 == nil {
			continue
		}
		var fields map[string]map[string]map[string]any
		if json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) != nil || len(fields) != 1 || len(fields["f:metadata"]) != 1 {
			return false
		}
		for label := range fields["f:metadata"]["f:labels"] {
			if label != "." && label != "f:"+object.Label {
				return false
			}
		}
	}
	return true
}

func decode(o object.Declared) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(o.Data); err != nil {
		return nil, fmt.Errorf("decode %s: %w", o.Ref, err)
	}
	return u, nil
}

// identity is an object's name and what else of its metadata is given: nothing
// more of it is claimed.
func identity(o object.Declared, more map[string]any) []byte {
	metadata := map[string]any{"name": o.Name}
	if o.Namespace != "" {
		metadata["namespace"] = o.Namespace
	}
	maps.Copy(metadata, more)
	return encode(o, map[string]any{"metadata": metadata})
}

// encode completes content with the object's type. Strings and maps of them
// cannot be refused.
func encode(o object.Declared, content map[string]any) []byte {
	content["kind"], content["apiVersion"] = o.Kind, o.Version
	if o.Group != "" {
		content["apiVersion"] = o.Group + "/" + o.Version
	}
	data, err := json.Marshal(content)
	if err != nil {
		return nil
	}
	return data
}
