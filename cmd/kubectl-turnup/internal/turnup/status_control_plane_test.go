package turnup

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestAStaticPodIsShownOnceItsKubeletReportsOnIt(t *testing.T) {
	static := func(name string, conditions ...corev1.PodCondition) corev1.Pod {
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name + "-demo-control-plane-0"},
			Spec: corev1.PodSpec{
				NodeName:   "demo-control-plane-0",
				Containers: []corev1.Container{{Image: "registry.example:5000/" + name + ":v1.37.1@sha256:00"}},
			},
			Status: corev1.PodStatus{
				Phase: corev1.PodPending, Conditions: conditions,
				ContainerStatuses: []corev1.ContainerStatus{{RestartCount: 2}},
			},
		}
	}
	ready := func(status corev1.ConditionStatus) corev1.PodCondition {
		return corev1.PodCondition{Type: corev1.PodReady, Status: status}
	}
	got := componentsOf([]corev1.Pod{
		static("kube-scheduler", ready(corev1.ConditionFalse)),
		static("kube-controller-manager"),
		static("etcd", ready(corev1.ConditionTrue)),
	})
	want := []ComponentStatus{
		{Machine: "demo-control-plane-0", Name: "etcd", Version: "v1.37.1", Ready: true, Restarts: 2},
		{Machine: "demo-control-plane-0", Name: "kube-scheduler", Version: "v1.37.1", Restarts: 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
