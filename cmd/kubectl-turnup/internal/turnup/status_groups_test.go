package turnup

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/internal/machines"
)

func TestStatusShowsTheNodesOfGroups(t *testing.T) {
	nodes := map[string]corev1.Node{}
	for name, ready := range map[string]corev1.ConditionStatus{
		"demo-control-plane-0": corev1.ConditionTrue, "demo-worker-b": corev1.ConditionTrue, "demo-worker-a": corev1.ConditionUnknown,
	} {
		nodes[name] = corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{
			Addresses:  []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "10.0.0.7"}},
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready, Message: "Kubelet stopped posting node status."}},
			NodeInfo:   corev1.NodeSystemInfo{KubeletVersion: "v1.37.1"},
		}}
	}
	groups := []machines.Group{{Name: "demo-worker", Count: 2}}
	var s Status
	s.addGroups(groups, nodes)
	want := []MachineStatus{
		{Name: "demo-worker-a", Group: "demo-worker", Role: "worker", Address: "10.0.0.7", Node: "NotReady", Version: "v1.37.1"},
		{Name: "demo-worker-b", Group: "demo-worker", Role: "worker", Address: "10.0.0.7", Node: "Ready", Version: "v1.37.1"},
	}
	if diff := cmp.Diff(want, s.Machines); diff != "" {
		t.Error(diff)
	}
	said := strings.Join(s.Problems, "\n")
	for _, want := range []string{"kubectl delete node demo-worker-a", "group demo-worker has 1 of 2 nodes that are ready"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in %q", want, said)
		}
	}
	if s.Healthy() {
		t.Error("a group that lacks a node is healthy")
	}
}

func TestGroupsAreNoFurtherProblemOfAnAPIServerThatIsSilent(t *testing.T) {
	var s Status
	s.addGroups([]machines.Group{{Name: "demo-worker", Count: 2}}, nil)
	if len(s.Problems)+len(s.Machines) > 0 {
		t.Errorf("got %v", s)
	}
}
