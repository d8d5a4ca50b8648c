package cli

import (
	"strings"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/golden"
)

// sick is a cluster with something in every table, and something wrong in most.
func sick() turnup.Status {
	until := time.Date(2027, 11, 26, 10, 0, 0, 0, time.UTC)
	return turnup.Status{
		Cluster: "demo", Platform: "local", Endpoint: "172.30.0.2:6443", Revision: "6f2b6f2b6f2b",
		Machines: []turnup.MachineStatus{
			{Name: "demo-load-balancer", Role: "load-balancer", Address: "172.30.0.2", Kubelet: "active"},
			{Name: "demo-control-plane-1", Role: "control-plane", Address: "172.30.0.3", Kubelet: "active", Node: "Ready", Version: "v1.37.1",
				ServingExpires: &until, Runtime: "containerd://2.3.4", OS: "turnup machine", Kernel: "6.1.0"},
			{Name: "demo-control-plane-2", Role: "control-plane", Address: "172.30.0.4", Kubelet: "unreachable", Node: "NotReady", Version: "v1.37.1"},
		},
		ControlPlane: []turnup.ComponentStatus{
			{Machine: "demo-control-plane-1", Name: "etcd", Version: "3.7.3-0", Ready: true},
			{Machine: "demo-control-plane-1", Name: "kube-apiserver", Version: "v1.37.1", Ready: true, Restarts: 2},
			{Machine: "demo-control-plane-2", Name: "etcd", Version: "3.7.3-0", Ready: false},
		},
		Etcd: &turnup.EtcdStatus{Bytes: 12 << 20, Members: []turnup.EtcdMemberStatus{
			{Name: ""}, {Name: "demo-control-plane-1", Leader: true}, {Name: "demo-control-plane-2", Learner: true},
		}},
		Addons: []turnup.AddonStatus{
			{Name: "coredns", Ready: "True", Revision: "6f2b6f2b6f2b", Objects: 8},
			{Name: "flannel", Ready: "False", Revision: "6f2b6f2b6f2b", Objects: 7, Message: "DaemonSet flannel: 1 of 2 pods are ready"},
		},
		Certificates: &turnup.Expiry{Name: "admin.crt", Expires: until},
		Drift:        &turnup.Drift{Summary: "1 to add", Resources: []string{"+ docker_container.machine[\"demo-control-plane-2\"]"}},
		Unapplied:    []config.Difference{{Path: "provision.workers", A: 2, B: 3}},
		Problems:     []string{"the machine demo-control-plane-2 does not answer"},
	}
}

func TestAStatusIsOneScreen(t *testing.T) {
	var out strings.Builder
	nothing := turnup.Status{Cluster: "demo", Platform: "local", Problems: []string{"there are no machines yet"}}
	for _, page := range []struct {
		status turnup.Status
		wide   bool
	}{{sick(), false}, {sick(), true}, {nothing, false}} {
		if err := statusTable(&out, page.status, page.wide); err != nil {
			t.Fatal(err)
		}
		out.WriteString("---\n")
	}
	golden.Check(t, "testdata/status.txt", out.String())
}

func TestAStaticPodThatIsNotReadyIsNotWell(t *testing.T) {
	s := turnup.Status{Machines: []turnup.MachineStatus{{Name: "demo-control-plane-1", Role: "control-plane", Kubelet: "active", Node: "Ready"}}}
	if !s.Healthy() {
		t.Fatal("a cluster of one machine is not well")
	}
	s.ControlPlane = []turnup.ComponentStatus{{Machine: "demo-control-plane-1", Name: "etcd"}}
	if s.Healthy() {
		t.Error("a cluster without etcd is well")
	}
}
