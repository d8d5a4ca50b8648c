package turnup

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestANodeThatLacksRoomIsUnderPressure(t *testing.T) {
	condition := func(kind corev1.NodeConditionType, status corev1.ConditionStatus, message string) corev1.NodeCondition {
		return corev1.NodeCondition{Type: kind, Status: status, Message: message}
	}
	n := corev1.Node{Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{
		condition(corev1.NodeMemoryPressure, corev1.ConditionFalse, "kubelet has sufficient memory available"),
		condition(corev1.NodeReady, corev1.ConditionTrue, "kubelet is posting ready status"),
	}}}
	if got := pressure(n); got != "" {
		t.Errorf("a node that is well: %q", got)
	}
	n.Status.Conditions = append(n.Status.Conditions, condition(corev1.NodeDiskPressure, corev1.ConditionTrue, "kubelet has disk pressure"))
	if got := pressure(n); got != "DiskPressure: kubelet has disk pressure" {
		t.Errorf("a full disk: %q", got)
	}
}
