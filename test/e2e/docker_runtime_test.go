package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// TestAClusterRunsOnDocker makes a cluster whose kubelets are containers of a Docker
// on their machines, one control plane and one worker.
func TestAClusterRunsOnDocker(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	c := newCluster(ctx, t, newPlugin(t), 1)
	args := append(c.createArgs(), "--set", "bootstrap.container_runtime=docker", "--set", "bootstrap.feature_gates="+alphaGate+"=true")
	created := c.must(ctx, t, args...)
	t.Logf("create took %s\n%s", created.took.Round(100*time.Millisecond), created)
	c.connect(t)

	c.sub(ctx, t, "every machine is a ready node", c.nodesAreReady)
	c.sub(ctx, t, "the kubelet is a container of Docker, and the only one", func(ctx context.Context, t *testing.T) {
		for _, m := range c.nodes.Machines {
			c.onlyKubelet(ctx, t, m)
		}
	})
	c.sub(ctx, t, "a feature gate is on in every component", c.gateIsOn)
	c.sub(ctx, t, "pods start, next to Docker", c.startPods)
	c.sub(ctx, t, "a pod reaches Services by their names", c.podsReachServices)
	c.sub(ctx, t, "a claim is bound, keeps its data, and takes the volume with it", c.claimsAreBound)
	worker := c.machine(machines.Worker, 0)
	for _, end := range []struct{ what, script string }{
		{"a kubelet that is killed", "docker kill --signal KILL kubelet"},
		{"a kubelet that is restarted", "systemctl restart kubelet"},
		{"a Docker that is killed", "pkill -KILL -x dockerd"},
		{"a Docker that is restarted", "systemctl restart docker"},
	} {
		c.sub(ctx, t, end.what+" leaves one kubelet, and the pods", func(ctx context.Context, t *testing.T) {
			before := c.podsOn(ctx, t, worker.Name)
			c.docker.must(ctx, t, worker.Name, "", end.script)
			killed := time.Now()
			c.awaitBack(ctx, t, worker.Name, killed)
			c.onlyKubelet(ctx, t, worker)
			if after := c.podsOn(ctx, t, worker.Name); before != after {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
		})
	}
	c.sub(ctx, t, "a gate that nobody knows ends create soon, and create without it mends all", func(ctx context.Context, t *testing.T) {
		refused := c.run(ctx, t, append(args, "--set", "bootstrap.feature_gates=NoSuchGate=true")...)
		wantsRefusal(t, refused, "ends as soon as it starts", "unrecognized feature gate: NoSuchGate")
		if refused.took > time.Minute {
			t.Errorf("that took %s", refused.took)
		}
		c.must(ctx, t, args...)
		c.nodesAreReady(ctx, t)
	})
	c.sub(ctx, t, "create again changes nothing", func(ctx context.Context, t *testing.T) {
		if again := c.must(ctx, t, args...); !strings.Contains(again.stderr, "nothing to change") {
			t.Errorf("something changed:\n%s", again)
		}
	})
	c.must(ctx, t, "delete", c.name, "--yes")
	c.isGone(ctx, t)
}

// onlyKubelet wants one process of it on a machine, in a container that Docker knows.
func (c *cluster) onlyKubelet(ctx context.Context, t *testing.T, m machines.Machine) {
	t.Helper()
	await(ctx, t, "one kubelet, of Docker, on "+m.Name, 30*time.Second, func(ctx context.Context) (bool, string, error) {
		out, err := c.docker.on(ctx, m.Name, "", `echo $(pgrep -xc kubelet) of Docker $(docker inspect --format '{{.State.Pid}}' kubelet | grep -cxf - <(pgrep -x kubelet)) of containerd $(ctr -n turnup tasks ls -q | grep -c .)`)
		out = strings.TrimSpace(out)
		return out == "1 of Docker 1 of containerd 0", out, err
	})
}

// podsOn are the pods of a node with the times their containers were started.
func (c *cluster) podsOn(ctx context.Context, t *testing.T, node string) string {
	t.Helper()
	list, err := c.kube.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, pod := range list.Items {
		fmt.Fprintf(&out, "%s/%s", pod.Namespace, pod.Name)
		for _, s := range pod.Status.ContainerStatuses {
			if s.State.Running != nil {
				fmt.Fprintf(&out, " %s %s", s.Name, s.State.Running.StartedAt.Format(time.RFC3339))
			}
		}
		fmt.Fprintln(&out)
	}
	return out.String()
}
