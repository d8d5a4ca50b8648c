package e2e

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
)

func (c *cluster) nodesAreReady(ctx context.Context, t *testing.T) {
	list, err := c.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want := 1 + c.workers; len(list.Items) != want {
		t.Errorf("%d nodes, want %d", len(list.Items), want)
	}
	for _, n := range list.Items {
		if got := n.Status.NodeInfo.KubeletVersion; got != images.KubernetesVersion(c.release) {
			t.Errorf("node %s: kubelet %s of %s", n.Name, got, c.release)
		}
		if !nodeReady(n) {
			t.Errorf("node %s is not ready: %v", n.Name, n.Status.Conditions)
		}
	}
	version, err := c.kube.Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if version.GitVersion != images.KubernetesVersion(c.release) {
		t.Errorf("API server %s of %s", version.GitVersion, c.release)
	}
}

func nodeReady(n corev1.Node) bool {
	for _, condition := range n.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// podsReachEachOther goes from a pod on one worker to a pod on the other, and
// looks whether the packets really took the VXLAN.
func (c *cluster) podsReachEachOther(ctx context.Context, t *testing.T) {
	web, err := c.kube.CoreV1().Pods(namespace).Get(ctx, "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	client, err := c.kube.CoreV1().Pods(namespace).Get(ctx, "client", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if web.Spec.NodeName == client.Spec.NodeName {
		t.Fatalf("both pods are on %s", web.Spec.NodeName)
	}
	sent := func() int {
		out := c.docker.must(ctx, t, client.Spec.NodeName, "", "cat /sys/class/net/flannel.1/statistics/tx_packets")
		n, err := strconv.Atoi(strings.TrimSpace(out))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := sent()
	c.reach(ctx, t, web.Status.PodIP, 10*time.Second)
	if after := sent(); after <= before {
		t.Errorf("flannel.1 of %s sent %d packets before and %d after: the way was another", client.Spec.NodeName, before, after)
	}
}

func (c *cluster) podsReachServices(ctx context.Context, t *testing.T) {
	for _, name := range []string{"web", "web.e2e", "web.e2e.svc.cluster.local"} {
		t.Logf("%s answered after %s", name, c.reach(ctx, t, name, 15*time.Second).Round(time.Millisecond))
	}
	// The API server by its Service, out of a pod.
	if out, err := c.inPod(ctx, "timeout 3 bash -c 'exec 3<>/dev/tcp/kubernetes.default/443'"); err != nil {
		t.Errorf("kubernetes.default:443 cannot be dialled in a pod: %v %s", err, out)
	}
}

func (c *cluster) nodePortsAnswer(ctx context.Context, t *testing.T) {
	service, err := c.kube.CoreV1().Services(namespace).Get(ctx, "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(int(service.Spec.Ports[0].NodePort))
	for _, m := range []machines.Machine{c.machine(machines.ControlPlane, 0), c.machine(machines.Worker, 0), c.machine(machines.Worker, 1)} {
		await(ctx, t, "the node port on "+m.Name, 15*time.Second, func(ctx context.Context) (bool, string, error) {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+m.Address+":"+port+"/health", nil)
			if err != nil {
				return false, "", err
			}
			response, err := (&http.Client{Timeout: 3 * time.Second}).Do(request)
			if err != nil {
				return false, "", err
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			return response.StatusCode == http.StatusOK, string(body), err
		})
	}
}

// logsAnswer reads a pod's log: the API server verifies the kubelet's serving
// certificate on the way.
func (c *cluster) logsAnswer(ctx context.Context, t *testing.T) {
	out, err := c.kube.CoreV1().Pods(namespace).GetLogs("client", &corev1.PodLogOptions{}).DoRaw(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if string(out) != "hello\n" {
		t.Errorf("the log of pod client is %q, want hello", out)
	}
}
