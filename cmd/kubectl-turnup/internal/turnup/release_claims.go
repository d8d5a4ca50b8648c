package turnup

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// unclaim deletes claims. Pods that use one hold it, and what made the pods would
// make them again, with new claims: so those go first.
func (r *releaser) unclaim(ctx context.Context, claims map[types.NamespacedName]bool) error {
	if len(claims) == 0 {
		return nil
	}
	if err := r.stopUsers(ctx, claims); err != nil {
		return err
	}
	var errs []error
	for claim := range claims {
		errs = append(errs, gone(r.to.Typed.CoreV1().PersistentVolumeClaims(claim.Namespace).Delete(ctx, claim.Name, metav1.DeleteOptions{})))
	}
	return errors.Join(errs...)
}

// stopUsers deletes the workloads whose pods use the claims, and the pods.
func (r *releaser) stopUsers(ctx context.Context, claims map[types.NamespacedName]bool) error {
	pods, err := r.to.Typed.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	var errs []error
	for _, pod := range pods.Items {
		if !uses(pod, claims) {
			continue
		}
		if owner := metav1.GetControllerOf(&pod); owner != nil {
			errs = append(errs, r.stop(ctx, pod.Namespace, *owner))
		}
		if pod.DeletionTimestamp == nil {
			errs = append(errs, gone(r.to.Typed.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{})))
		}
	}
	return errors.Join(errs...)
}

func uses(pod corev1.Pod, claims map[types.NamespacedName]bool) bool {
	for _, v := range pod.Spec.Volumes {
		switch {
		case v.PersistentVolumeClaim != nil:
			if claims[types.NamespacedName{Namespace: pod.Namespace, Name: v.PersistentVolumeClaim.ClaimName}] {
				return true
			}
		case v.Ephemeral != nil:
			if claims[types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name + "-" + v.Name}] {
				return true
			}
		}
	}
	return false
}

// stop deletes what makes pods. Other kinds than these are somebody's own: their
// pods are deleted again in each pass.
func (r *releaser) stop(ctx context.Context, namespace string, owner metav1.OwnerReference) error {
	apps := r.to.Typed.AppsV1()
	switch owner.Kind {
	case "ReplicaSet":
		set, err := apps.ReplicaSets(namespace).Get(ctx, owner.Name, metav1.GetOptions{})
		if err != nil {
			return gone(err)
		}
		if above := metav1.GetControllerOf(set); above != nil && above.Kind == "Deployment" {
			return gone(apps.Deployments(namespace).Delete(ctx, above.Name, metav1.DeleteOptions{}))
		}
		return gone(apps.ReplicaSets(namespace).Delete(ctx, owner.Name, metav1.DeleteOptions{}))
	case "StatefulSet":
		return gone(apps.StatefulSets(namespace).Delete(ctx, owner.Name, metav1.DeleteOptions{}))
	case "DaemonSet":
		return gone(apps.DaemonSets(namespace).Delete(ctx, owner.Name, metav1.DeleteOptions{}))
	case "Job":
		return gone(r.to.Typed.BatchV1().Jobs(namespace).Delete(ctx, owner.Name, metav1.DeleteOptions{}))
	}
	return nil
}
