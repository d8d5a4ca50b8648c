package turnup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/internal/wait"
)

// The longest that the cluster's controllers may take to give back what they
// rented, and how long an API server is asked whether it is there.
const (
	releaseBudget = 10 * time.Minute
	answerBudget  = 20 * time.Second
)

// release has the controllers of a cluster in a cloud give back what they rented
// and Terraform does not know: load balancers of Services, disks of volumes and
// their snapshots. Whoever removes the network first, waits for them in vain.
func (t *Turnup) release(ctx context.Context) error {
	if t.Force {
		t.Out.Warnf("load balancers and disks that controllers of %s made may stay: they were not looked for (--force)", t.name())
		return nil
	}
	if !t.Home.HasKubeconfig() {
		return nil // never a cluster: nobody rented anything
	}
	to, err := t.connect()
	if err != nil {
		return err
	}
	if err := t.answers(ctx, to); err != nil {
		return err
	}
	err = t.step(ctx, "give back load balancers and disks", releaseBudget, func(ctx context.Context, step *ui.Step) error {
		kept, err := releaseAll(ctx, to, releaseBudget, step.See)
		for _, one := range kept {
			t.Out.Warnf("%s stays in the cloud: its policy is Retain", one)
		}
		return ui.Hint(err, "see why with kubectl describe, and run the same command again; --force goes on without, and leaves them in the cloud")
	})
	if err != nil {
		return err
	}
	// Its machines go next. A second run must not wait for an API server that is gone.
	return os.Remove(t.Home.Kubeconfig())
}

// answers asks whether the API server is there: without it, nobody knows what
// its controllers rented.
func (t *Turnup) answers(ctx context.Context, to *cluster.Access) error {
	err := t.step(ctx, "ask the API server", answerBudget, func(ctx context.Context, step *ui.Step) error {
		return wait.For(ctx, wait.Options{What: "the API server to answer", Budget: answerBudget, Every: time.Second, See: step.See},
			func(ctx context.Context) (bool, string, error) {
				_, err := to.Typed.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
				return err == nil, "", err
			})
	})
	return ui.Hint(err, "nobody else knows which load balancers and disks its controllers made. Mend it, or delete with --force: then those may stay in the cloud")
}

// releaseAll removes Services of the type LoadBalancer, the claims of volumes that
// are deleted with them, and snapshots, until there are none. It returns the
// volumes and snapshots that are kept.
func releaseAll(ctx context.Context, to *cluster.Access, budget time.Duration, see func(string)) (kept []string, err error) {
	r := &releaser{to: to}
	err = wait.For(ctx, wait.Options{
		What: "load balancers and disks to go", Budget: budget, Every: 500 * time.Millisecond, See: see,
	}, func(ctx context.Context) (bool, string, error) {
		left, err := r.pass(ctx)
		return err == nil && len(left) == 0, some(left), err
	})
	return r.kept, err
}

// some is a list as one line, of which only the beginning is said.
func some(list []string) string {
	if len(list) > 3 {
		return strings.Join(list[:3], ", ") + fmt.Sprintf(" and %d more", len(list)-3)
	}
	return strings.Join(list, ", ")
}

// releaser goes over a cluster until nothing rented is left in it. Others may
// make things again that it removed, so each pass begins anew.
type releaser struct {
	to      *cluster.Access
	quieted bool
	kept    []string
}

// pass asks for what is left to go, and returns it.
func (r *releaser) pass(ctx context.Context) ([]string, error) {
	if !r.quieted {
		if err := r.quiet(ctx); err != nil {
			return nil, err
		}
		r.quieted = true
	}
	r.kept = nil
	var left []string
	for _, look := range []func(context.Context) ([]string, error){r.services, r.snapshots, r.volumes} {
		found, err := look(ctx)
		if err != nil {
			return nil, err
		}
		left = append(left, found...)
	}
	return left, nil
}

// quiet stops the addon manager, which would make again what is removed.
func (r *releaser) quiet(ctx context.Context) error {
	err := r.to.Typed.AppsV1().Deployments(object.Namespace).Delete(ctx, object.Manager, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("stop the addon manager: %w", err)
	}
	pods := r.to.Typed.CoreV1().Pods(object.Namespace)
	return gone(pods.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: addons.ManagerSelector}))
}

// gone takes what is not there for removed.
func gone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// services deletes Services with a load balancer. Their finalizer holds them
// until the cloud's controller has removed it.
func (r *releaser) services(ctx context.Context) ([]string, error) {
	list, err := r.to.Typed.CoreV1().Services("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var left []string
	for _, s := range list.Items {
		if s.Spec.Type != corev1.ServiceTypeLoadBalancer {
			continue
		}
		left = append(left, fmt.Sprintf("Service %s/%s", s.Namespace, s.Name))
		if s.DeletionTimestamp == nil {
			err = errors.Join(err, gone(r.to.Typed.CoreV1().Services(s.Namespace).Delete(ctx, s.Name, metav1.DeleteOptions{})))
		}
	}
	return left, err
}

// volumes deletes the claims of volumes that were made for them and go with them.
func (r *releaser) volumes(ctx context.Context) ([]string, error) {
	list, err := r.to.Typed.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var left []string
	claims := map[types.NamespacedName]bool{}
	for _, v := range list.Items {
		switch {
		case v.Annotations["pv.kubernetes.io/provisioned-by"] == "":
			continue // somebody else's disk
		case v.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete:
			r.kept = append(r.kept, "the disk of volume "+v.Name)
			continue
		}
		left = append(left, "volume "+v.Name)
		if ref := v.Spec.ClaimRef; ref != nil {
			claims[types.NamespacedName{Namespace: ref.Namespace, Name: ref.Name}] = true
		}
	}
	slices.Sort(left)
	return left, r.unclaim(ctx, claims)
}
