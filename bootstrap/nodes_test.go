package bootstrap

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/internal/machines"
)

func named(names ...string) []corev1.Node {
	var list []corev1.Node
	for _, name := range names {
		list = append(list, corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	return list
}

func TestWhatIsMissingIsMachinesAndNumbersOfGroups(t *testing.T) {
	file := onePlusTwo()
	file.Machines = append(file.Machines, machines.Machine{Name: "demo-loadbalancer-0", Role: machines.LoadBalancer})
	file.Groups = []machines.Group{{Name: "demo-pool", Count: 3}, gpus()}
	got := missing(file, named("demo-control-plane-0", "demo-worker-1", "demo-pool-a", "demo-pool-b", "demo-pool-b-c",
		"demo-gpu-1", "demo-gpu-2", "demo-gpu-3", "demo-gpu-4"))
	if diff := cmp.Diff([]string{"demo-worker-0", "1 of the 3 of group demo-pool"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestANodeIsLabelledWithWhatItMayNotSayItself(t *testing.T) {
	file := onePlusTwo()
	file.Groups = []machines.Group{gpus()}
	for name, want := range map[string]map[string]string{
		"demo-worker-1":        {"node-role.kubernetes.io/worker": ""},
		"demo-control-plane-0": {"node-role.kubernetes.io/control-plane": ""},
		"demo-gpu-x7":          {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/gpu": ""},
		"stranger":             {},
	} {
		if diff := cmp.Diff(want, labelsOf(named(name)[0], file)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
