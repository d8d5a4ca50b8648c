// Package status is what the manager tells about each addon: a cluster-scoped
// Addon object that `kubectl get addons` shows.
package status

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// GVR is the resource of Addon objects.
func GVR() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "turnup.dev", Version: "v1alpha1", Resource: "addons"}
}

// Addon is one addon as the manager last saw it.
type Addon struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Status            Status `json:"status,omitempty"`
}

// Status is written when it changes, never on a schedule.
type Status struct {
	// Ready is True once everything of Revision is applied, healthy, and what
	// left the tree is gone; False where that needs a person; Unknown on the way.
	Ready string `json:"ready"`
	// Revision is the tree's revision that the rest speaks of.
	Revision string `json:"revision,omitempty"`
	// TreeHash is that of the addon's own files: the same hash, the same objects.
	TreeHash string `json:"treeHash,omitempty"`
	Objects  int    `json:"objects"`
	Message  string `json:"message,omitempty"`
	// Conditions are Source, Built, Applied, Healthy and Pruned.
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	Failures   []Failure          `json:"failures,omitempty"`
}

// Failure is one object that is not as it should be.
type Failure struct {
	Object string `json:"object"`
	// Reason is ApplyFailed, Unhealthy, Progressing or PrunePending.
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// The conditions' types.
const (
	Source  = "Source"
	Built   = "Built"
	Applied = "Applied"
	Healthy = "Healthy"
	Pruned  = "Pruned"
)

// IsReady tells whether the addon is true to a revision; any, if it is "".
func (a Addon) IsReady(revision string) bool {
	return a.Status.Ready == string(metav1.ConditionTrue) && (revision == "" || a.Status.Revision == revision)
}

// List reads all addons, ordered by name.
func List(ctx context.Context, client dynamic.Interface) ([]Addon, error) {
	list, err := client.Resource(GVR()).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list addons: %w", err)
	}
	addons := make([]Addon, 0, len(list.Items))
	for i := range list.Items {
		addon, err := decode(&list.Items[i])
		if err != nil {
			return nil, err
		}
		addons = append(addons, addon)
	}
	slices.SortFunc(addons, func(a, b Addon) int { return strings.Compare(a.Name, b.Name) })
	return addons, nil
}

func decode(u *unstructured.Unstructured) (Addon, error) {
	var addon Addon
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &addon); err != nil {
		return Addon{}, fmt.Errorf("read addon %s: %w", u.GetName(), err)
	}
	return addon, nil
}
