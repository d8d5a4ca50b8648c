package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// killedWorkerComesBack kills the machine under the web server, as a power cut
// would, and switches it on again.
func (c *cluster) killedWorkerComesBack(ctx context.Context, t *testing.T) {
	m := c.machine(machines.Worker, 1)
	if err := c.docker.ContainerKill(ctx, m.Name, "KILL"); err != nil {
		t.Fatal(err)
	}
	r := c.run(ctx, t, "status", c.name)
	if r.code != 2 || !strings.Contains(r.stdout, "unreachable") {
		t.Errorf("status with a dead machine, exit code %d, want 2 and that it is unreachable:\n%s", r.code, r)
	}
	if out, err := c.inPod(ctx, get("web")); err == nil && strings.Contains(out, "200 OK") {
		t.Error("the web server still answers, so its machine was not killed")
	}
	on := time.Now()
	if err := c.docker.ContainerStart(ctx, m.Name, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	node := c.awaitBack(ctx, t, m.Name, on)
	pods := await(ctx, t, "the pods of "+m.Name+" to run again", 90*time.Second, func(ctx context.Context) (bool, string, error) {
		return c.podsSince(ctx, m.Name, on)
	})
	web := c.reach(ctx, t, "web", 30*time.Second)
	t.Logf("after a start: node ready in %s, its pods running %s later, Service reachable %s later", ms(node), ms(pods), ms(web))
}

// awaitBack waits for a node whose kubelet has said since a time that it is ready.
func (c *cluster) awaitBack(ctx context.Context, t *testing.T, name string, since time.Time) time.Duration {
	t.Helper()
	return await(ctx, t, "node "+name+" to be back", 2*time.Minute, func(ctx context.Context) (bool, string, error) {
		lease, err := c.kube.CoordinationV1().Leases("kube-node-lease").Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		node, err := c.kube.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		alive := lease.Spec.RenewTime != nil && lease.Spec.RenewTime.After(since)
		return alive && nodeReady(*node), fmt.Sprintf("alive %v, %v", alive, node.Status.Conditions), nil
	})
}

// podsSince tells whether every pod of a node has containers younger than a time.
func (c *cluster) podsSince(ctx context.Context, node string, since time.Time) (bool, string, error) {
	pods, err := c.kube.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
	if err != nil {
		return false, "", err
	}
	var waiting []string
	for _, pod := range pods.Items {
		fresh := bootstrap.PodReady(pod) && pod.DeletionTimestamp == nil
		for _, status := range pod.Status.ContainerStatuses {
			// Kubernetes counts in whole seconds.
			fresh = fresh && status.State.Running != nil && !status.State.Running.StartedAt.Time.Before(since.Truncate(time.Second))
		}
		if !fresh {
			waiting = append(waiting, pod.Name+" "+string(pod.Status.Phase))
		}
	}
	return len(waiting) == 0 && len(pods.Items) > 0, strings.Join(waiting, ", "), nil
}

// createStartsAStoppedMachine leaves it to create to find out what is wrong.
func (c *cluster) createStartsAStoppedMachine(ctx context.Context, t *testing.T) {
	m := c.machine(machines.Worker, 0)
	before, err := c.docker.objects(ctx, c.name)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.docker.ContainerKill(ctx, m.Name, "KILL"); err != nil {
		t.Fatal(err)
	}
	off := time.Now()
	r := c.must(ctx, t, c.createArgs()...)
	t.Logf("create took %s", r.took.Round(100*time.Millisecond))
	after, err := c.docker.objects(ctx, c.name)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range without(after, before) {
		if o.name != m.Name {
			t.Errorf("%s %s was touched too", o.kind, o.name)
		}
	}
	c.awaitBack(ctx, t, m.Name, off)
	await(ctx, t, "the client's pod to run again", 90*time.Second, func(ctx context.Context) (bool, string, error) {
		pod, err := c.kube.CoreV1().Pods(namespace).Get(ctx, "client", metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		return pod.Status.Phase == corev1.PodRunning && bootstrap.PodReady(*pod), string(pod.Status.Phase), nil
	})
	c.reach(ctx, t, "web", 30*time.Second)
}

// killedControlPlaneComesBack finds the same objects after a power cut.
func (c *cluster) killedControlPlaneComesBack(ctx context.Context, t *testing.T) {
	m := c.machine(machines.ControlPlane, 0)
	before, err := c.kube.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.docker.ContainerKill(ctx, m.Name, "KILL"); err != nil {
		t.Fatal(err)
	}
	on := time.Now()
	if err := c.docker.ContainerStart(ctx, m.Name, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	api := await(ctx, t, "the API server to answer again", 2*time.Minute, func(ctx context.Context) (bool, string, error) {
		ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		now, err := c.kube.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		if now.UID != before.UID {
			t.Fatalf("namespace %s is another one now: etcd lost its data", namespace)
		}
		return true, "", nil
	})
	node := c.awaitBack(ctx, t, m.Name, on)
	healthy := await(ctx, t, "status to say that all is well", 2*time.Minute, func(ctx context.Context) (bool, string, error) {
		r := c.run(ctx, t, "status", c.name)
		return r.code == 0, r.String(), nil
	})
	t.Logf("after a start: API server in %s, node ready %s later, all well %s later", ms(api), ms(node), ms(healthy))
	c.reach(ctx, t, "web", 30*time.Second)
}
