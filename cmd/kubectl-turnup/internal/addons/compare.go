package addons

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// compare asks the API server what an object would be, and says how that
// differs from what it is; nil for no difference.
func (c comparison) compare(ctx context.Context, addon string, one object.Declared, live *unstructured.Unstructured, declared map[object.Ref]string) (*Change, error) {
	change := &Change{Addon: addon, Ref: one.Ref, File: one.File, What: changed}
	if owner := c.owner[one.Ref]; owner != "" && owner != addon {
		change.What, change.From = moved, owner
	}
	if live == nil {
		change.What = created
	}
	if live != nil && one.EnsureExists {
		return nil, nil
	}
	wish := &unstructured.Unstructured{}
	if err := wish.UnmarshalJSON(one.Data); err != nil {
		return nil, err
	}
	if c.early(one.Ref, one.Version, live, declared) {
		change.Diff = unified(one.Ref, one.File, nil, wish)
		return change, nil
	}
	if live != nil {
		for _, path := range one.Ignore {
			leave(wish.Object, live.Object, fieldPath(path))
		}
	}
	would, err := c.dryRun(ctx, addon, one, wish)
	if live != nil && one.Recreate && apierrors.IsInvalid(err) {
		change.What = recreated
		would, err = wish, nil
	}
	if err != nil {
		return nil, fmt.Errorf("dry run: %w", err)
	}
	change.Diff = unified(one.Ref, one.File, live, would)
	if change.Diff == "" && change.What != moved && live != nil {
		return nil, nil
	}
	return change, nil
}

// early tells whether an object is new and cannot even be tried before others of
// the same tree are there: its kind's definition, or its namespace.
func (c comparison) early(ref object.Ref, version string, live *unstructured.Unstructured, declared map[object.Ref]string) bool {
	if live != nil {
		return false
	}
	_, err := c.kinds.RESTMapping(ref.GroupKind(), version)
	if meta.IsNoMatchError(err) {
		for other := range declared {
			if _, group, ok := strings.Cut(other.Name, "."); ok && other.Kind == "CustomResourceDefinition" && group == ref.Group {
				return true
			}
		}
		return false
	}
	namespace := object.Ref{Kind: "Namespace", Name: ref.Namespace}
	_, inTree := declared[namespace]
	return ref.Namespace != "" && inTree && c.owner[namespace] == ""
}

func (c comparison) dryRun(ctx context.Context, addon string, one object.Declared, wish *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	client, err := c.to.Client(c.kinds, one.Ref, one.Version)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(wish.Object)
	if err != nil {
		return nil, err
	}
	force := true
	return client.Patch(ctx, one.Name, types.ApplyPatchType, body, metav1.PatchOptions{
		FieldManager: object.FieldManager(addon), Force: &force, DryRun: []string{metav1.DryRunAll},
	})
}

// fieldPath cuts a path at its dots: "spec.replicas",
// "metadata.annotations.example\.com/x", "spec.containers.[name=app].image".
func fieldPath(path string) []string {
	var steps []string
	var step strings.Builder
	bracket := false
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '\\' && i+1 < len(path) && path[i+1] == '.':
			i++
			step.WriteByte('.')
		case c == '.' && !bracket:
			steps = append(steps, step.String())
			step.Reset()
		default:
			bracket = c == '[' || bracket && c != ']'
			step.WriteByte(c)
		}
	}
	return append(steps, step.String())
}

// leave makes a field of the wish what it is in the live object: it was set
// once, and is left alone.
func leave(wish, live any, steps []string) {
	switch wish := wish.(type) {
	case map[string]any:
		there, _ := live.(map[string]any)
		value, is := there[steps[0]]
		switch {
		case len(steps) > 1:
			leave(wish[steps[0]], value, steps[1:])
		case is:
			wish[steps[0]] = value
		default:
			delete(wish, steps[0])
		}
	case []any:
		if i := item(wish, steps[0]); i >= 0 && len(steps) > 1 {
			there, _ := live.([]any)
			if j := item(there, steps[0]); j >= 0 {
				leave(wish[i], there[j], steps[1:])
			}
		}
	}
}

// item finds "[name=app]" in a list.
func item(list []any, step string) int {
	key, want, _ := strings.Cut(strings.Trim(step, "[]"), "=")
	return slices.IndexFunc(list, func(one any) bool {
		fields, ok := one.(map[string]any)
		return ok && fmt.Sprint(fields[key]) == want
	})
}
