package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/csaupgrade"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// clients tells whether a manager stands for whole objects sent by a client, as
// `kubectl apply` does without --server-side. Their fields would stay for ever
// when they leave the manifest (kubernetes/kubernetes#99003).
func clients(manager string) bool {
	switch manager {
	case "kubectl-client-side-apply", "kubectl-create", "kubectl-replace", "before-first-apply", initialManager:
		// The last one is our own, of an object that only had to exist until now.
		return true
	}
	return false
}

// strangers are those of some managers that are not our own.
func strangers(managers []string) []string {
	_, others := split(managers)
	return others
}

// sent tells whether an entry is that of a whole object sent by a client.
func sent(entry metav1.ManagedFieldsEntry) bool {
	return entry.Operation == metav1.ManagedFieldsOperationUpdate && entry.Subresource == "" && clients(entry.Manager)
}

// people tells whether a manager stands for somebody at a terminal.
func people(manager string) bool {
	return clients(manager) || manager == "kubectl" || strings.HasPrefix(manager, "kubectl-")
}

// migrate makes the fields of some managers ours, so that those which the tree
// does not declare go away with the next apply. It returns whose they were.
func (c *Client) migrate(ctx context.Context, r Request, whose func(manager string) bool) ([]string, error) {
	resource, err := c.meta(ctx, r.Object.Ref)
	if err != nil {
		return nil, err
	}
	const tries = 5
	for try := 1; ; try++ {
		live, err := resource.Get(ctx, r.Object.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		var names []string
		for _, entry := range live.GetManagedFields() {
			if entry.Operation == metav1.ManagedFieldsOperationUpdate && entry.Subresource == "" &&
				whose(entry.Manager) && !slices.Contains(names, entry.Manager) {
				names = append(names, entry.Manager)
			}
		}
		if len(names) == 0 {
			return nil, nil
		}
		upgrade, err := csaupgrade.UpgradeManagedFieldsPatch(live, sets.New(names...), object.FieldManager(r.Addon))
		if err != nil {
			return nil, fmt.Errorf("migrate the fields of %s: %w", strings.Join(names, ", "), err)
		}
		_, err = resource.Patch(ctx, r.Object.Name, types.JSONPatchType, upgrade, metav1.PatchOptions{FieldManager: object.FieldManager(r.Addon)})
		// Somebody wrote in between: look again.
		if apierrors.IsConflict(err) && try < tries {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("migrate the fields of %s: %w", strings.Join(names, ", "), err)
		}
		return names, nil
	}
}
