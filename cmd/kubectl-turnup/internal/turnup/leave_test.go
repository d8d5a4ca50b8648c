package turnup

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
)

func TestWhichMachinesLeave(t *testing.T) {
	made := func(planes, workers int) machines.File {
		file, err := (&Turnup{Home: home.Of(t.TempDir(), "demo"), Config: testdir.Edited(func(c *config.Cluster) {
			c.Provision.ControlPlanes, c.Provision.Workers = planes, workers
		})}).expectedMachines()
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, tc := range []struct {
		name            string
		file            machines.File
		planes, workers int
		want            []string
	}{
		{"none, if there are as many as there should be", made(3, 2), 3, 2, nil},
		{"none, if there should be more", made(1, 2), 3, 12, nil},
		{"the workers with the highest numbers, those first", made(1, 12), 1, 9, []string{"demo-worker-11", "demo-worker-10", "demo-worker-9"}},
		{"workers before control planes", made(3, 2), 1, 1, []string{"demo-worker-1", "demo-control-plane-2", "demo-control-plane-1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := testdir.Edited(func(c *config.Cluster) { c.Provision.ControlPlanes, c.Provision.Workers = tc.planes, tc.workers })
			var names []string
			for _, m := range leaving(cfg, tc.file) {
				names = append(names, m.Name)
			}
			if !slices.Equal(names, tc.want) {
				t.Errorf("got %v, want %v", names, tc.want)
			}
		})
	}
	hosts := machines.New("192.0.2.1:6443", []machines.Machine{{Name: "demo-worker-7", Role: machines.Worker}})
	if list := leaving(testdir.Edited(func(c *config.Cluster) { c.Provision.Platform = "baremetal" }), hosts); len(list) > 0 {
		t.Errorf("somebody's host leaves: %v", list)
	}
}

func TestWhichPodsGoWithTheirMachine(t *testing.T) {
	yes := true
	owned := func(kind string) corev1.Pod {
		return corev1.Pod{ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: kind, Controller: &yes}}}}
	}
	static := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{corev1.MirrorPodAnnotationKey: "x"}}}
	done := corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodSucceeded}}
	for name, tc := range map[string]struct {
		pod   corev1.Pod
		stays bool
	}{
		"of a DaemonSet": {owned("DaemonSet"), true}, "of a ReplicaSet": {owned("ReplicaSet"), false},
		"static": {static, true}, "of nobody": {corev1.Pod{}, false}, "one that ended": {done, true},
	} {
		if got := stays(tc.pod); got != tc.stays {
			t.Errorf("a pod %s stays is %v", name, got)
		}
	}
}

func TestTheOnlyControlPlaneIsNotReplaced(t *testing.T) {
	one := &Turnup{Home: home.Of(t.TempDir(), "demo"), Config: config.Default()}
	file, err := one.expectedMachines()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.replaceable(file, "demo-control-plane-0"); err == nil {
		t.Error("it is, and all is lost")
	}
	if _, err := one.replaceable(file, "demo-worker-1"); err != nil {
		t.Error(err)
	}
	if _, err := one.replaceable(file, "demo-worker-9"); err == nil {
		t.Error("a machine that is not there")
	}
}
