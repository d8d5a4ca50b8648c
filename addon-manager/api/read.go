package api

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
)

// ListAddons reads all addons, ordered by name.
func ListAddons(ctx context.Context, client dynamic.Interface) ([]Addon, error) {
	list, err := client.Resource(Addons()).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list addons: %w", err)
	}
	addons := make([]Addon, 0, len(list.Items))
	for i := range list.Items {
		addon, err := DecodeAddon(&list.Items[i])
		if err != nil {
			return nil, err
		}
		addons = append(addons, addon)
	}
	slices.SortFunc(addons, func(a, b Addon) int { return strings.Compare(a.Name, b.Name) })
	return addons, nil
}

// DecodeAddon reads one addon.
func DecodeAddon(u *unstructured.Unstructured) (Addon, error) {
	var addon Addon
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &addon); err != nil {
		return Addon{}, fmt.Errorf("read addon %s: %w", u.GetName(), err)
	}
	return addon, nil
}

// ReadSource reads the AddonSource. Where nobody made one it is false, and what
// comes back is what that means: a source of type push.
func ReadSource(ctx context.Context, client dynamic.Interface) (AddonSource, bool, error) {
	u, err := client.Resource(Sources()).Get(ctx, SourceName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return AddonSource{Spec: SourceSpec{Type: Push}}, false, nil
	}
	if err != nil {
		return AddonSource{}, false, fmt.Errorf("read the addon source: %w", err)
	}
	source, err := DecodeSource(u)
	return source, err == nil, err
}

// DecodeSource reads an AddonSource.
func DecodeSource(u *unstructured.Unstructured) (AddonSource, error) {
	var source AddonSource
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &source); err != nil {
		return AddonSource{}, fmt.Errorf("read addon source %s: %w", u.GetName(), err)
	}
	if source.Spec.Type == "" {
		source.Spec.Type = Push
	}
	return source, nil
}
