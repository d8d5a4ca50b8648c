package turnup

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/machines"
)

func TestNodesWhoseMachinesTheCloudHasEndedAreForgotten(t *testing.T) {
	node := func(name string, ready corev1.ConditionStatus, minutes int) *corev1.Node {
		return &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"turnup.dev/role": "worker"}},
			Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{
				Type: corev1.NodeReady, Status: ready, LastTransitionTime: metav1.NewTime(time.Now().Add(-time.Duration(minutes) * time.Minute)),
			}}},
		}
	}
	other := node("somebody-elses", corev1.ConditionUnknown, 90)
	other.Labels = nil
	file := machines.New("10.0.0.5:6443", []machines.Machine{{Name: "demo-control-plane-0", Role: machines.ControlPlane, Address: "10.0.0.5"}})
	file.Groups = []machines.Group{{Name: "demo-worker", Count: 2}, {Name: "demo-big", Count: 1}}
	to := &cluster.Access{Typed: fake.NewClientset(
		node("demo-control-plane-0", corev1.ConditionUnknown, 9), other,
		// Two machines of four are there; one that is longer silent goes first.
		node("demo-worker-a", corev1.ConditionTrue, 9), node("demo-worker-b", corev1.ConditionUnknown, 5),
		node("demo-worker-c", corev1.ConditionUnknown, 1), node("demo-worker-d", corev1.ConditionFalse, 9),
		// As many nodes as machines: the silent one may come back.
		node("demo-big-x", corev1.ConditionUnknown, 9),
		// A group that left the config, one of its machines still running.
		node("demo-gpu-q", corev1.ConditionUnknown, 9), node("demo-gpu-r", corev1.ConditionTrue, 9),
	)}
	beyond, err := forgetGone(context.Background(), to, file)
	if err != nil || len(beyond) != 1 || !strings.Contains(beyond[0], "a group that is no more has 1 nodes for 0 machines") {
		t.Errorf("%v, %v", beyond, err)
	}
	left, err := to.Typed.CoreV1().Nodes().List(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range left.Items {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	if got, want := strings.Join(names, " "), "demo-big-x demo-control-plane-0 demo-gpu-r demo-worker-a demo-worker-d somebody-elses"; got != want {
		t.Errorf("left are %s, want %s", got, want)
	}
}
