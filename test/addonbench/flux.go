package main

import (
	"context"
	"fmt"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/normalize"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The defaults of kustomize-controller: so many Kustomizations at a time, and so
// many dry runs at a time within one.
const (
	fluxKustomizations = 4
	fluxDryRuns        = 4
)

// fluxApplier applies each addon as kustomize-controller applies a Kustomization.
func fluxApplier(config *rest.Config, t *tree) (applier, error) {
	connection, err := client.New(config, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("connect flux ssa: %w", err)
	}
	manager := ssa.NewResourceManager(connection,
		polling.NewStatusPoller(connection, connection.RESTMapper(), polling.Options{}),
		ssa.Owner{Field: "kustomize-controller", Group: "kustomize.toolkit.fluxcd.io"})
	manager.SetConcurrency(fluxDryRuns)
	return func(ctx context.Context, s state) error {
		var all errgroup.Group
		all.SetLimit(fluxKustomizations)
		for i, objects := range t.byAddon(s) {
			all.Go(func() error {
				if err := normalize.UnstructuredList(objects); err != nil {
					return err
				}
				manager.SetOwnerLabels(objects, t.addons[i], "flux-system")
				_, err := manager.ApplyAllStaged(ctx, objects, fluxOptions())
				return err
			})
		}
		return all.Wait()
	}, nil
}

// fluxOptions are those that kustomize-controller gives.
func fluxOptions() ssa.ApplyOptions {
	const group = "kustomize.toolkit.fluxcd.io"
	options := ssa.DefaultApplyOptions()
	options.ExclusionSelector = map[string]string{group + "/reconcile": "disabled", group + "/ssa": "Ignore"}
	options.IfNotPresentSelector = map[string]string{group + "/ssa": "IfNotPresent"}
	options.ForceSelector = map[string]string{group + "/force": "enabled"}
	options.Cleanup = ssa.ApplyCleanupOptions{
		Annotations: []string{corev1.LastAppliedConfigAnnotation},
		FieldManagers: []ssa.FieldManager{
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationApply},
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationUpdate},
			{Name: "before-first-apply", OperationType: metav1.ManagedFieldsOperationUpdate},
			{Name: "kustomize-controller", OperationType: metav1.ManagedFieldsOperationUpdate},
		},
		Exclusions: map[string]string{group + "/ssa": "Merge"},
	}
	return options
}
