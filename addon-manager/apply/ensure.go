package apply

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// ensure makes an object that is missing and leaves one that is there as it is.
// Only our label is put on it, so that a watch sees when it goes.
func ensure(ctx context.Context, resource dynamic.ResourceInterface, r Request) (Outcome, error) {
	manifest, err := decode(r.Object)
	if err != nil {
		return Outcome{}, err
	}
	_, err = resource.Create(ctx, manifest, metav1.CreateOptions{FieldManager: object.FieldManager(r.Addon)})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return Outcome{}, err
	}
	live, err := patch(ctx, resource, r, identity(r.Object, map[string]any{object.Label: r.Addon}), true)
	return Outcome{Live: live}, err
}

func decode(o object.Declared) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(o.Data); err != nil {
		return nil, fmt.Errorf("decode %s: %w", o.Ref, err)
	}
	return u, nil
}

// identity is an object's name and, where given, labels: nothing else of it is claimed.
func identity(o object.Declared, labels map[string]any) []byte {
	metadata := map[string]any{"name": o.Name}
	if o.Namespace != "" {
		metadata["namespace"] = o.Namespace
	}
	if labels != nil {
		metadata["labels"] = labels
	}
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
