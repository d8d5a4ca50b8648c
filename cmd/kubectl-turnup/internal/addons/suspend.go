package addons

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/serverside"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Suspend stops (or, with suspended false, goes on with) addons: all of them,
// those named or, without a name, the source.
func (a *Manager) Suspend(ctx context.Context, names []string, all, suspended bool) ([]string, error) {
	to, err := a.connect()
	if err != nil {
		return nil, err
	}
	spec := map[string]any{"suspend": suspended}
	if !all && len(names) == 0 {
		return []string{"addonsource/" + api.SourceName}, amend(ctx, to, api.Sources(), api.SourceName, "spec", spec)
	}
	addons, err := api.ListAddons(ctx, to.Dynamic)
	if err != nil {
		return nil, noManager(err)
	}
	if err := known(names, addons); err != nil {
		return nil, err
	}
	if all {
		names = nil
		for _, addon := range addons {
			names = append(names, addon.Name)
		}
	}
	var done []string
	for _, name := range names {
		if err := amend(ctx, to, api.Addons(), name, "spec", spec); err != nil {
			return done, err
		}
		done = append(done, "addon/"+name)
	}
	return done, nil
}

// Reconcile makes the manager look again at once: at the named addons or,
// without a name, at the source. With wait it returns once what is in force is true.
func (a *Manager) Reconcile(ctx context.Context, names []string, wait bool, budget time.Duration) ([]string, error) {
	to, err := a.connect()
	if err != nil {
		return nil, err
	}
	note := map[string]any{"annotations": map[string]any{api.ReconcileAnnotation: time.Now().UTC().Format(time.RFC3339Nano)}}
	var done []string
	if len(names) == 0 {
		if err := amend(ctx, to, api.Sources(), api.SourceName, "metadata", note); err != nil {
			return nil, err
		}
		done = []string{"addonsource/" + api.SourceName}
	} else {
		addons, err := api.ListAddons(ctx, to.Dynamic)
		if err != nil {
			return nil, noManager(err)
		}
		if err := known(names, addons); err != nil {
			return nil, err
		}
		for _, name := range names {
			if err := amend(ctx, to, api.Addons(), name, "metadata", note); err != nil {
				return done, err
			}
			done = append(done, "addon/"+name)
		}
	}
	if !wait {
		return done, nil
	}
	return done, a.awaitInForce(ctx, to, names, budget)
}

// awaitInForce waits until the named addons, or all, are true to the tree that
// the cluster has.
func (a *Manager) awaitInForce(ctx context.Context, to *cluster.Access, names []string, budget time.Duration) error {
	shipped, err := Kept(ctx, to)
	if errors.Is(err, source.ErrNone) {
		return ui.Hint(err, "`kubectl turnup addons push` ships the tree")
	}
	if err != nil {
		return err
	}
	return AwaitHealthy(ctx, a.Out, to, shipped.only(names), budget)
}

// amend merges fields into one part of an Addon or the AddonSource.
func amend(ctx context.Context, to *cluster.Access, kind schema.GroupVersionResource, name, part string, fields map[string]any) error {
	body, err := json.Marshal(map[string]any{part: fields})
	if err != nil {
		return err
	}
	_, err = to.Dynamic.Resource(kind).Patch(ctx, name, types.MergePatchType, body, metav1.PatchOptions{FieldManager: serverside.FieldManager})
	if apierrors.IsNotFound(err) && kind == api.Sources() {
		return ui.Hint(fmt.Errorf("the cluster has no AddonSource: %w", err), "`kubectl turnup addons deploy` makes it")
	}
	if err != nil {
		return fmt.Errorf("change %s %s: %w", kind.Resource, name, err)
	}
	return nil
}
