package addons

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/gitsource"
	"turnup.dev/kubectl-turnup/internal/serverside"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/internal/wait"
)

// RuledByTree is what deploy says where the manager keeps itself true.
const RuledByTree = "left as the tree has it, in " + object.Manager + "/"

// Install applies the manager's objects in order, and the credentials as
// soon as there is a namespace for them. Where the tree has the manager as one
// of its addons, and one runs, only the source is applied (rules is true): what
// the tree says of the manager counts, and nobody else changes it.
func Install(ctx context.Context, to *cluster.Access, objects []*unstructured.Unstructured, secret gitsource.Credentials, step *ui.Step) (rules bool, err error) {
	credentials, err := secret.Object()
	if err != nil {
		return false, err
	}
	live, err := liveManager(ctx, to, step)
	if err != nil {
		return false, err
	}
	adopted := live != nil && live.Labels[object.Label] == object.Manager
	if rules = adopted; rules && down(live) {
		rules, err = recovers(ctx, to, step)
		if err != nil {
			return false, err
		}
	}
	for _, one := range objects {
		mine := one.GetKind() == "AddonSource"
		if adopted && !mine {
			// What the tree's own apply put there, so that a repair takes nothing away.
			labels := one.GetLabels()
			if labels == nil {
				labels = map[string]string{}
			}
			labels[object.Label] = object.Manager
			one.SetLabels(labels)
		}
		if mine || !rules {
			if err := applyOne(ctx, to, one, step); err != nil {
				return false, err
			}
		}
		if one.GetKind() == "Namespace" && credentials != nil {
			if err := applyOne(ctx, to, credentials, step); err != nil {
				return false, err
			}
		}
	}
	return rules, nil
}

// liveManager is the manager's Deployment; nil where there is none. It is the
// first thing that is asked of a new API server, which may refuse for a moment.
func liveManager(ctx context.Context, to *cluster.Access, step *ui.Step) (*appsv1.Deployment, error) {
	var live *appsv1.Deployment
	err := wait.For(ctx, wait.Options{
		What: "the API server to say whether there is an addon manager", Budget: Budget, See: step.See,
	}, func(ctx context.Context) (bool, string, error) {
		found, err := to.Typed.AppsV1().Deployments(object.Namespace).Get(ctx, object.Manager, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return true, "", nil
		}
		live = found
		return err == nil, "", err
	})
	if err != nil {
		return nil, err
	}
	return live, nil
}

// recovery is how long a manager that the tree has may take to be there again: it
// may just be replacing itself.
const recovery = 15 * time.Second

// recovers waits for a manager to run again. One that does not cannot take the
// tree's correction either, so deploy brings it up.
func recovers(ctx context.Context, to *cluster.Access, step *ui.Step) (bool, error) {
	err := wait.For(ctx, wait.Options{
		What: "the addon manager to run again", Budget: recovery, Every: 200 * time.Millisecond, See: step.See,
	}, func(ctx context.Context) (bool, string, error) {
		live, err := liveManager(ctx, to, step)
		return err == nil && live != nil && !down(live), "it is being replaced, or does not start", err
	})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return false, nil
	}
	return err == nil, err
}

// down tells whether no manager runs.
func down(d *appsv1.Deployment) bool {
	for _, condition := range d.Status.Conditions {
		if condition.Type == appsv1.DeploymentAvailable {
			return condition.Status == corev1.ConditionFalse
		}
	}
	return false
}

// applyOne applies an object that deploy makes. The manager's own are applied as
// the manager does when the tree has them: one name, so that a field which the
// tree drops is not held by the other.
func applyOne(ctx context.Context, to *cluster.Access, one *unstructured.Unstructured, step *ui.Step) error {
	as := object.FieldManager(object.Manager)
	if kind := one.GetKind(); kind == "AddonSource" || kind == "Secret" {
		as = serverside.FieldManager
	}
	if err := serverside.ApplyAs(ctx, to.Dynamic, as, one, Budget, step.See); err != nil {
		return fmt.Errorf("apply %s: %w", serverside.Title(one), err)
	}
	return nil
}
