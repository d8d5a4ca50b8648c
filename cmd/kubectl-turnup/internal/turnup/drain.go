package turnup

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/serverside"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/internal/wait"
)

// drainBudget is the longest that the pods of a machine may take to go elsewhere.
const drainBudget = 5 * time.Minute

// drain keeps new pods off a node and has those that are there go elsewhere,
// as their disruption budgets allow. Pods of DaemonSets and static ones stay:
// they belong to the machine. One that is dead has no pods to wait for; its Node
// says Ready for the most of a minute, so whoever knows better says so.
func drain(ctx context.Context, to *cluster.Access, node string, dead bool, step *ui.Step) error {
	const off = `{"spec":{"unschedulable":true}}`
	if _, err := to.Typed.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, []byte(off),
		metav1.PatchOptions{FieldManager: serverside.FieldManager}); apierrors.IsNotFound(err) || err == nil && dead {
		return nil
	} else if err != nil {
		return fmt.Errorf("cordon node %s: %w", node, err)
	}
	err := wait.For(ctx, wait.Options{
		What: "the pods of " + node + " to go elsewhere", Budget: drainBudget, Every: 500 * time.Millisecond, See: step.See,
	}, func(ctx context.Context) (bool, string, error) {
		n, err := to.Typed.CoreV1().Nodes().Get(ctx, node, metav1.GetOptions{})
		if apierrors.IsNotFound(err) || err == nil && notReady(*n) != "" {
			return true, "", nil
		}
		if err != nil {
			return false, "", err
		}
		pods, err := to.Typed.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
		if err != nil {
			return false, "", err
		}
		var left []string
		for _, pod := range pods.Items {
			if stays(pod) {
				continue
			}
			left = append(left, pod.Namespace+"/"+pod.Name+evict(ctx, to, pod))
		}
		return len(left) == 0, strings.Join(left, ", "), nil
	})
	return ui.Hint(err, "a disruption budget may forbid it (`kubectl get poddisruptionbudgets -A`); `kubectl uncordon %s` takes it back", node)
}

// stays tells whether a pod goes with its machine.
func stays(pod corev1.Pod) bool {
	if _, static := pod.Annotations[corev1.MirrorPodAnnotationKey]; static {
		return true
	}
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return true
	}
	owner := metav1.GetControllerOf(&pod)
	return owner != nil && owner.Kind == "DaemonSet"
}

// evict asks a pod to go, unless it is going, and says what is in the way.
func evict(ctx context.Context, to *cluster.Access, pod corev1.Pod) string {
	if pod.DeletionTimestamp != nil {
		return ""
	}
	err := to.Typed.PolicyV1().Evictions(pod.Namespace).Evict(ctx, &policy.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.UID))},
	})
	if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return ""
	}
	return " (" + err.Error() + ")"
}

// alone lists the pods on a node that no controller makes again elsewhere.
func alone(ctx context.Context, to *cluster.Access, node string) ([]string, error) {
	pods, err := to.Typed.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
	if err != nil {
		return nil, fmt.Errorf("list the pods of %s: %w", node, err)
	}
	var list []string
	for _, pod := range pods.Items {
		if !stays(pod) && metav1.GetControllerOf(&pod) == nil {
			list = append(list, pod.Namespace+"/"+pod.Name)
		}
	}
	return list, nil
}
