package turnup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// ComponentStatus is a static pod of a control plane.
type ComponentStatus struct {
	Machine string `json:"machine"`
	// Name is etcd, kube-apiserver, kube-controller-manager or kube-scheduler.
	Name string `json:"name"`
	// Version is the tag of its image.
	Version  string `json:"version,omitempty"`
	Ready    bool   `json:"ready"`
	Restarts int32  `json:"restarts"`
}

// EtcdStatus is etcd as one of its members sees it.
type EtcdStatus struct {
	Members []EtcdMemberStatus `json:"members"`
	// Bytes is the size of the database on that member.
	Bytes int64 `json:"bytes"`
}

// EtcdMemberStatus is a member; one that has never started has no name yet.
type EtcdMemberStatus struct {
	Name   string `json:"name"`
	Leader bool   `json:"leader,omitempty"`
	// Learner has no vote yet.
	Learner bool `json:"learner,omitempty"`
}

// listControlPlane lists the static pods, machine by machine.
func listControlPlane(ctx context.Context, to *cluster.Access) ([]ComponentStatus, error) {
	list, err := to.Typed.CoreV1().Pods(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{LabelSelector: "tier=control-plane"})
	if err != nil {
		return nil, fmt.Errorf("list the control plane: %w", err)
	}
	return componentsOf(list.Items), nil
}

// componentsOf leaves out a pod of which its kubelet has said nothing yet: the
// kubelet announces static pods some seconds before it reports on them, and one
// that cannot run is reported, too.
func componentsOf(pods []corev1.Pod) []ComponentStatus {
	var components []ComponentStatus
	for _, pod := range pods {
		if len(pod.Status.Conditions) > 0 {
			components = append(components, componentOf(pod))
		}
	}
	slices.SortFunc(components, func(a, b ComponentStatus) int {
		return strings.Compare(a.Machine+"/"+a.Name, b.Machine+"/"+b.Name)
	})
	return components
}

func componentOf(pod corev1.Pod) ComponentStatus {
	c := ComponentStatus{
		Machine: pod.Spec.NodeName, Name: strings.TrimSuffix(pod.Name, "-"+pod.Spec.NodeName),
		Ready: bootstrap.PodReady(pod),
	}
	for _, container := range pod.Spec.Containers {
		image, _, _ := strings.Cut(container.Image, "@")
		if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
			c.Version = image[i+1:]
		}
	}
	for _, container := range pod.Status.ContainerStatuses {
		c.Restarts += container.RestartCount
	}
	return c
}

// etcdStatus asks the first member that answers.
func (t *Turnup) etcdStatus(ctx context.Context, file machines.File) (*EtcdStatus, error) {
	var errs []error
	for _, e := range t.etcds(ctx, file) {
		members, err := e.Members(ctx)
		if err == nil {
			var state bootstrap.EtcdState
			state, err = e.State(ctx)
			if err == nil {
				return etcdOf(members, state), nil
			}
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func etcdOf(members []bootstrap.EtcdMember, state bootstrap.EtcdState) *EtcdStatus {
	s := &EtcdStatus{Bytes: state.Bytes}
	for _, m := range members {
		s.Members = append(s.Members, EtcdMemberStatus{Name: m.Name, Leader: m.ID == state.Leader, Learner: m.Learner})
	}
	slices.SortFunc(s.Members, func(a, b EtcdMemberStatus) int { return strings.Compare(a.Name, b.Name) })
	return s
}
