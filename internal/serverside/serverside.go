// Package serverside applies the plugin's own objects: those that bootstrap gives
// a new cluster, and the addon manager's installation. Addons are the addon
// manager's to apply, with an engine of its own.
package serverside

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"turnup.dev/kubectl-turnup/internal/wait"
)

// FieldManager is the name under which the plugin itself writes objects.
const FieldManager = "kubectl-turnup"

// Title is an object as people name it: its kind and its name.
func Title(object *unstructured.Unstructured) string {
	return object.GetKind() + " " + object.GetName()
}

// Apply applies an object, and goes on trying within its budget: an API server
// that has only just started refuses for a moment, and a new kind takes one to
// be served. What the server calls invalid ends it at once. see, if not nil,
// hears why it is not done yet.
func Apply(ctx context.Context, client dynamic.Interface, object *unstructured.Unstructured, budget time.Duration, see func(string)) error {
	return ApplyAs(ctx, client, FieldManager, object, budget, see)
}

// ApplyAs is Apply under another field manager.
func ApplyAs(ctx context.Context, client dynamic.Interface, manager string, object *unstructured.Unstructured, budget time.Duration, see func(string)) error {
	return wait.For(ctx, wait.Options{
		What: "the API server to take " + Title(object), Budget: budget, Every: 100 * time.Millisecond, See: see,
	}, func(ctx context.Context) (bool, string, error) {
		err := once(ctx, client, manager, object)
		if apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
			return false, "", wait.Stop(err)
		}
		return err == nil, "", err
	})
}

func once(ctx context.Context, client dynamic.Interface, manager string, object *unstructured.Unstructured) error {
	data, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("encode %s: %w", object.GetName(), err)
	}
	// Our kinds have regular plurals: that spares a discovery round trip.
	resource, _ := meta.UnsafeGuessKindToResource(object.GroupVersionKind())
	force := true
	_, err = client.Resource(resource).Namespace(object.GetNamespace()).
		Patch(ctx, object.GetName(), types.ApplyPatchType, data, metav1.PatchOptions{FieldManager: manager, Force: &force})
	return err
}
