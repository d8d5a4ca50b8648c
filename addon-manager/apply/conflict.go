package apply

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// contest decides about fields that others hold. A sibling that still declares
// the object keeps it, and so does a tool that owns the whole of it; from anybody
// else the fields are taken over: the tree is what counts.
func (c *Client) contest(ctx context.Context, resource dynamic.ResourceInterface, r Request, data []byte, conflict error) (Outcome, error) {
	siblings, others := split(conflicting(conflict))
	for _, sibling := range siblings {
		if sibling != r.Addon && r.Declares(sibling) {
			return Outcome{}, fmt.Errorf("addon %s declares it too: %w", sibling, conflict)
		}
	}
	if err := c.foreign(ctx, r); err != nil {
		return Outcome{}, err
	}
	out := Outcome{Took: others}
	if _, err := c.migrate(ctx, r, clients); err != nil {
		return out, err
	}
	live, err := patch(ctx, resource, r, data, true)
	if apierrors.IsInvalid(err) {
		return c.invalid(ctx, resource, r, data, err)
	}
	if err != nil {
		return out, err
	}
	if out.Left, err = dismiss(ctx, resource, r, live); err != nil {
		return out, err
	}
	if len(out.Left) > 0 {
		live, err = patch(ctx, resource, r, data, true)
	}
	out.Live = live
	return out, err
}

// dismiss makes former siblings own nothing of a live object any more, and returns
// their names: what they declared and nobody does now goes with them.
func dismiss(ctx context.Context, resource dynamic.ResourceInterface, r Request, live *unstructured.Unstructured) (left []string, err error) {
	siblings, _ := split(managers(live, r.Addon))
	for _, sibling := range siblings {
		if r.Declares(sibling) {
			continue // Plan says who is right about that.
		}
		if err := relinquish(ctx, resource, sibling, r.Object, live); err != nil {
			return left, err
		}
		left = append(left, sibling)
	}
	return left, nil
}

// relinquish makes an addon own nothing of a live object any more. Fields that it
// alone owned go away with it. The uid keeps one that has gone from being made again.
func relinquish(ctx context.Context, resource dynamic.ResourceInterface, addon string, o object.Declared, live *unstructured.Unstructured) error {
	nothing := identity(o, map[string]any{"uid": string(live.GetUID())})
	_, err := patch(ctx, resource, Request{Addon: addon, Object: o}, nothing, true)
	if err != nil {
		return fmt.Errorf("let addon %s go of it: %w", addon, err)
	}
	return nil
}

var conflictWith = regexp.MustCompile(`conflict with "([^"]+)"`)

// conflicting lists the managers that a conflict names.
func conflicting(err error) []string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	var list []string
	for _, cause := range status.Status().Details.Causes {
		if cause.Type != metav1.CauseTypeFieldManagerConflict {
			continue
		}
		if match := conflictWith.FindStringSubmatch(cause.Message); match != nil && !slices.Contains(list, match[1]) {
			list = append(list, match[1])
		}
	}
	slices.Sort(list)
	return list
}

// split tells addons from other managers.
func split(managers []string) (siblings, others []string) {
	for _, manager := range managers {
		if addon, ok := strings.CutPrefix(manager, object.FieldManager("")); ok {
			siblings = append(siblings, addon)
		} else if manager != initialManager {
			others = append(others, manager)
		}
	}
	return siblings, others
}

// managers lists who else than an addon has written an object's content.
func managers(live metav1.Object, addon string) []string {
	var list []string
	for _, entry := range live.GetManagedFields() {
		if entry.Subresource == "" && entry.Manager != object.FieldManager(addon) && !slices.Contains(list, entry.Manager) {
			list = append(list, entry.Manager)
		}
	}
	slices.Sort(list)
	return list
}
