package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// LetGo leaves an object as it is, and takes off it what says that it is ours:
// the label, and our name among its managers.
func (c *Client) LetGo(ctx context.Context, addon string, ref object.Ref) error {
	resource, err := c.meta(ctx, ref)
	if meta.IsNoMatchError(err) {
		return nil
	}
	if err != nil {
		return err
	}
	const tries = 5
	for try := 1; ; try++ {
		live, err := resource.Get(ctx, ref.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		changes, err := json.Marshal(parting(live, addon))
		if err != nil {
			return err
		}
		_, err = resource.Patch(ctx, ref.Name, types.JSONPatchType, changes, metav1.PatchOptions{FieldManager: initialManager})
		switch {
		case err == nil || apierrors.IsNotFound(err):
			return nil
		case (apierrors.IsConflict(err) || apierrors.IsInvalid(err)) && try < tries:
			continue // Somebody wrote in between: look again.
		}
		return fmt.Errorf("let go of %s: %w", ref, err)
	}
}

func parting(live metav1.Object, addon string) []map[string]any {
	entries := []metav1.ManagedFieldsEntry{}
	for _, entry := range live.GetManagedFields() {
		if entry.Manager != object.FieldManager(addon) {
			entries = append(entries, entry)
		}
	}
	if len(entries) == 0 {
		// An empty list resets nothing; an empty entry does (managedFields has no other way).
		entries = append(entries, metav1.ManagedFieldsEntry{})
	}
	changes := []map[string]any{
		{"op": "test", "path": "/metadata/resourceVersion", "value": live.GetResourceVersion()},
		{"op": "replace", "path": "/metadata/managedFields", "value": entries},
	}
	if live.GetLabels()[object.Label] == addon {
		changes = append(changes, map[string]any{"op": "remove", "path": "/metadata/labels/" + strings.ReplaceAll(object.Label, "/", "~1")})
	}
	return changes
}
