package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	apps "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// TestAClusterOutlivesItsControlPlanes makes a cluster of three control planes
// behind a load balancer, with one worker, and takes them away from it. The
// subtests are in order: each finds the cluster as the one before it left it.
func TestAClusterOutlivesItsControlPlanes(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	c := newCluster(ctx, t, newPlugin(t), 1)
	created := c.must(ctx, t, c.highlyAvailable(1)...)
	t.Logf("create took %s\n%s", created.took.Round(100*time.Millisecond), created)
	c.connect(t)
	c.startWeb(ctx, t)
	w := c.startWriting(ctx, t)

	c.sub(ctx, t, "every machine but the load balancer is a node", c.machinesAreNodes)
	c.sub(ctx, t, "any control plane may die, and writes go on", func(ctx context.Context, t *testing.T) { c.anyMayDie(ctx, t, w) })
	c.sub(ctx, t, "two that die and come back lose nothing", func(ctx context.Context, t *testing.T) { c.twoMayDie(ctx, t, w) })
	c.sub(ctx, t, "a lost control plane is replaced", func(ctx context.Context, t *testing.T) { c.lostIsReplaced(ctx, t, w) })
	c.sub(ctx, t, "create again changes nothing", func(ctx context.Context, t *testing.T) {
		before := c.etcdProcesses(ctx, t)
		c.must(ctx, t, c.highlyAvailable(1)...)
		if after := c.etcdProcesses(ctx, t); before != after {
			t.Errorf("etcd ran as %s, and runs as %s", before, after)
		}
	})
	c.sub(ctx, t, "a change of the API servers goes from one to the next, and writes go on", func(ctx context.Context, t *testing.T) { c.changeRolls(ctx, t, w) })
	c.sub(ctx, t, "a worker is added, and leaves without its pods", c.workersScale)
	c.must(ctx, t, "delete", c.name, "--yes")
	c.isGone(ctx, t)
}

// changeRolls changes a flag of all API servers.
func (c *cluster) changeRolls(ctx context.Context, t *testing.T, w *writer) {
	before := c.etcdProcesses(ctx, t)
	w.reset()
	changed := c.must(ctx, t, append(c.highlyAvailable(1), "--set", "bootstrap.audit=false")...)
	gap, written := w.gap()
	t.Logf("the change took %s; %d objects were written meanwhile, with a pause of at most %s\n%s",
		changed.took.Round(100*time.Millisecond), written, ms(gap), changed)
	if gap > 10*time.Second {
		t.Errorf("writes paused for %s", gap)
	}
	if n := strings.Count(changed.stderr, "✓ change the control plane of "); n != 3 {
		t.Errorf("%d control planes were waited for", n)
	}
	if after := c.etcdProcesses(ctx, t); before != after {
		t.Errorf("etcd ran as %s, and runs as %s", before, after)
	}
}

func (c *cluster) highlyAvailable(workers int) []string {
	c.workers = workers
	return append(c.createArgs(), "--yes", "--set", "provision.control_planes=3")
}

func (c *cluster) machinesAreNodes(ctx context.Context, t *testing.T) {
	nodes, err := c.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(nodes.Items) != 4 || slices.ContainsFunc(nodes.Items, func(n corev1.Node) bool { return !nodeReady(n) }) {
		t.Errorf("there are %d nodes, want 4 that are ready", len(nodes.Items))
	}
	balancer := c.machine(machines.LoadBalancer, 0)
	if c.rest.Host != "https://"+balancer.Address+":6443" {
		t.Errorf("the kubeconfig names %s, and the load balancer has %s", c.rest.Host, balancer.Address)
	}
	if out := c.docker.must(ctx, t, balancer.Name, "", "ps axww -o uid= -o args= | grep [/]usr/sbin/haproxy | grep -v ctr | sort -u"); !strings.HasPrefix(strings.TrimSpace(out), "65514 ") {
		t.Errorf("haproxy runs as: %s", out)
	}
	c.must(ctx, t, "status", c.name)
}

// anyMayDie takes the power from each control plane in turn: the leaders of etcd
// and of the controllers are among them.
func (c *cluster) anyMayDie(ctx context.Context, t *testing.T, w *writer) {
	for _, m := range c.nodes.WithRole(machines.ControlPlane) {
		w.reset()
		lost := c.watchWeb(ctx, t)
		if err := c.docker.ContainerKill(ctx, m.Name, "KILL"); err != nil {
			t.Fatal(err)
		}
		pause(ctx, 10*time.Second)
		gap, written := w.gap()
		t.Logf("%s died: longest pause between two writes %s, %d written in 10 s", m.Name, ms(gap), written)
		if gap > 10*time.Second || written == 0 {
			t.Errorf("without %s, writes paused for %s", m.Name, gap)
		}
		if n := lost(); n > 0 {
			t.Errorf("without %s, a pod on the worker did not answer %d times", m.Name, n)
		}
		c.switchOn(ctx, t, m)
	}
}

// twoMayDie takes the power from a majority, and with it etcd's voice.
func (c *cluster) twoMayDie(ctx context.Context, t *testing.T, w *writer) {
	pair := c.nodes.WithRole(machines.ControlPlane)[:2]
	lost := c.watchWeb(ctx, t)
	for _, m := range pair {
		if err := c.docker.ContainerKill(ctx, m.Name, "KILL"); err != nil {
			t.Fatal(err)
		}
	}
	pause(ctx, 5*time.Second)
	w.reset()
	pause(ctx, 3*time.Second)
	if _, written := w.gap(); written > 0 {
		t.Errorf("%d objects were written without a majority", written)
	}
	if n := lost(); n > 0 {
		t.Errorf("a pod on the worker did not answer %d times", n)
	}
	c.switchOn(ctx, t, pair...)
	w.allThere(ctx, t, c.kube)
}

// lostIsReplaced takes a machine away for good, and has it made anew. It is the
// one that the addon manager runs on, so nobody else gives the new kubelet its
// certificate; and of the old one a Lease is left, as where the garbage collector
// is late.
func (c *cluster) lostIsReplaced(ctx context.Context, t *testing.T, w *writer) {
	pods, err := c.kube.CoreV1().Pods("turnup-system").List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=addon-manager"})
	if err != nil || len(pods.Items) == 0 {
		t.Fatalf("there are %d addon managers (%v)", len(pods.Items), err)
	}
	m, ok := c.nodes.Named(pods.Items[0].Spec.NodeName)
	if !ok || m.Role != machines.ControlPlane {
		t.Fatalf("the addon manager runs on %q", pods.Items[0].Spec.NodeName)
	}
	orphan := []byte(`{"metadata": {"ownerReferences": null}}`)
	if _, err := c.kube.CoordinationV1().Leases(corev1.NamespaceNodeLease).Patch(ctx, m.Name, types.MergePatchType, orphan, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.docker.ContainerKill(ctx, m.Name, "KILL"); err != nil {
		t.Fatal(err)
	}
	w.reset()
	r := c.must(ctx, t, "machines", "replace", m.Name, "--cluster", c.name, "--yes")
	gap, written := w.gap()
	t.Logf("replacing %s took %s; %d objects were written meanwhile, with a pause of at most %s\n%s",
		m.Name, r.took.Round(100*time.Millisecond), written, ms(gap), r)
	if gap > 10*time.Second {
		t.Errorf("while %s was replaced, writes paused for %s", m.Name, gap)
	}
	members := c.docker.must(ctx, t, m.Name, "", `id=$(ctr -n k8s.io containers ls -q 'labels."io.kubernetes.container.name"==etcd')
		ctr -n k8s.io tasks exec --exec-id e2e $id /usr/local/bin/etcdctl --endpoints https://127.0.0.1:2379 \
			--cacert /etc/kubernetes/etcd/ca.crt --cert /etc/kubernetes/etcd/server.crt --key /etc/kubernetes/etcd/server.key member list`)
	if strings.Count(members, ", started, ") != 3 || strings.Count(members, "false\n") != 3 {
		t.Errorf("want 3 members with a vote:\n%s", members)
	}
	// Its own API server reads from its own member of etcd.
	own := rest.CopyConfig(c.rest)
	own.Host = "https://" + m.Address + ":6443"
	client, err := kubernetes.NewForConfig(own)
	if err != nil {
		t.Fatal(err)
	}
	w.allThere(ctx, t, client)
}

// etcdProcesses are the processes of etcd, by machine: another one was restarted.
func (c *cluster) etcdProcesses(ctx context.Context, t *testing.T) string {
	t.Helper()
	var list []string
	for _, m := range c.nodes.WithRole(machines.ControlPlane) {
		list = append(list, m.Name+" "+strings.TrimSpace(c.docker.must(ctx, t, m.Name, "", "pgrep -x etcd")))
	}
	return strings.Join(list, ", ")
}

// switchOn gives machines their power back, and waits until they are what they were.
func (c *cluster) switchOn(ctx context.Context, t *testing.T, list ...machines.Machine) {
	t.Helper()
	on := time.Now()
	for _, m := range list {
		if err := c.docker.ContainerStart(ctx, m.Name, container.StartOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range list {
		c.awaitBack(ctx, t, m.Name, on)
		await(ctx, t, "the API server of "+m.Name, 2*time.Minute, func(ctx context.Context) (bool, string, error) {
			own := rest.CopyConfig(c.rest)
			own.Host, own.Timeout = "https://"+m.Address+":6443", 2*time.Second
			client, err := kubernetes.NewForConfig(own)
			if err != nil {
				return false, "", err
			}
			said, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
			return err == nil, string(said), err
		})
	}
	t.Logf("back after %s", ms(time.Since(on)))
}

func (c *cluster) workersScale(ctx context.Context, t *testing.T) {
	c.must(ctx, t, c.highlyAvailable(2)...)
	first, second := c.machine(machines.Worker, 0).Name, c.name+"-worker-1"
	runsOn := func(node string) {
		await(ctx, t, "the pod on "+node, time.Minute, func(ctx context.Context) (bool, string, error) {
			pods, err := c.kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=moves"})
			if err != nil {
				return false, "", err
			}
			for _, pod := range pods.Items {
				if pod.Spec.NodeName == node && bootstrap.PodReady(pod) {
					return true, "", nil
				}
			}
			return false, fmt.Sprintf("%d pods", len(pods.Items)), nil
		})
	}
	labels := map[string]string{"app": "moves"}
	c.cordon(ctx, t, first, true)
	_, err := c.kube.AppsV1().Deployments(namespace).Create(ctx, &apps.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "moves"},
		Spec: apps.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name: "pause", Image: images.For(c.release, "").Ref(images.Pause), ImagePullPolicy: corev1.PullNever,
			}}},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	runsOn(second)
	c.cordon(ctx, t, first, false)
	r := c.must(ctx, t, c.highlyAvailable(1)...)
	t.Logf("taking out a worker took %s", r.took.Round(100*time.Millisecond))
	runsOn(first)
	if _, err := c.kube.CoreV1().Nodes().Get(ctx, second, metav1.GetOptions{}); err == nil {
		t.Errorf("%s is a node still", second)
	}
	if _, err := c.docker.ContainerInspect(ctx, second); err == nil {
		t.Errorf("%s is a machine still", second)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
