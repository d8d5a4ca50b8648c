package e2e

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// holder is the pod that has the addon manager's lease, "" for none.
func (c *cluster) holder(ctx context.Context) (string, error) {
	lease, err := c.kube.CoordinationV1().Leases("turnup-system").Get(ctx, "addon-manager", metav1.GetOptions{})
	if err != nil || lease.Spec.HolderIdentity == nil {
		return "", err
	}
	return *lease.Spec.HolderIdentity, nil
}

func (c *cluster) actingManager(ctx context.Context, t *testing.T) string {
	t.Helper()
	holder, err := c.holder(ctx)
	if err != nil || holder == "" {
		t.Fatalf("nobody has the addon manager's lease: %v", err)
	}
	return holder
}

// awaitOtherManager waits until another pod acts.
func (c *cluster) awaitOtherManager(ctx context.Context, t *testing.T, old string) time.Duration {
	t.Helper()
	return await(ctx, t, "another addon manager to act", time.Minute, func(ctx context.Context) (bool, string, error) {
		holder, err := c.holder(ctx)
		if err != nil || holder == "" || holder == old {
			pods, _ := c.managers(ctx)
			return false, fmt.Sprintf("%q acts, of %v", holder, pods), err
		}
		return true, "", nil
	})
}

// managers lists the pods of the addon manager whose container runs.
func (c *cluster) managers(ctx context.Context) ([]string, error) {
	list, err := c.kube.CoreV1().Pods("turnup-system").List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=addon-manager"})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, pod := range list.Items {
		for _, status := range pod.Status.ContainerStatuses {
			if status.State.Running != nil {
				names = append(names, pod.Name)
			}
		}
	}
	return names, nil
}

// managerReplacesItself edits the manager's own addon: the pod that runs applies
// its successor.
func (c *cluster) managerReplacesItself(ctx context.Context, t *testing.T) {
	const file = "addon-manager/deployment.yaml"
	old := c.actingManager(ctx, t)
	c.edit(t, file, "value: 48MiB", "value: 47MiB")
	c.publish(ctx, t, "A little less for the manager")
	most := 0
	took := await(ctx, t, "the new addon manager to act", time.Minute, func(ctx context.Context) (bool, string, error) {
		running, err := c.managers(ctx)
		if err != nil {
			return false, "", err
		}
		most = max(most, len(running))
		holder, err := c.holder(ctx)
		return holder != "" && holder != old, fmt.Sprintf("%q acts, %v run", holder, running), err
	})
	if most > 1 {
		t.Errorf("%d addon managers ran at the same time", most)
	}
	t.Logf("the new addon manager acts %s after the push", ms(took))
	t.Logf("every addon is as the tree says %s later", ms(c.awaitAddons(ctx, t, "addon-manager", "coredns", "flannel", "kube-proxy")))
	pod, err := c.kube.CoreV1().Pods("turnup-system").Get(ctx, c.actingManager(ctx, t), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if limit := environment(pod, "GOMEMLIMIT"); limit != "47MiB" {
		t.Errorf("the pod that acts has GOMEMLIMIT=%s", limit)
	}
	t.Logf("the new one undoes drift: DaemonSet kube-proxy came back after %s", ms(c.proxyComesBack(ctx, t)))
	c.awaitAddons(ctx, t, "kube-proxy")
}

func environment(pod *corev1.Pod, name string) string {
	for _, variable := range pod.Spec.Containers[0].Env {
		if variable.Name == name {
			return variable.Value
		}
	}
	return ""
}

// managerIsSmall reads the manager's memory where it runs.
func (c *cluster) managerIsSmall(ctx context.Context, t *testing.T) {
	const limit = 64 << 10
	for _, m := range c.nodes.Machines {
		out, err := c.docker.on(ctx, m.Name, "", `for p in $(pgrep -x addon-manager); do awk '/^Vm(RSS|HWM)/ {print $2}' /proc/$p/status; done`)
		if err != nil {
			t.Fatal(err)
		}
		values := strings.Fields(out)
		if len(values) == 0 {
			continue
		}
		peak, errPeak := strconv.Atoi(values[0])
		now, errNow := strconv.Atoi(values[1])
		if err := errors.Join(errPeak, errNow); err != nil {
			t.Fatal(err)
		}
		t.Logf("the addon manager's RSS is %.1f MiB, at most it was %.1f MiB", float64(now)/1024, float64(peak)/1024)
		if now > limit || peak > limit {
			t.Errorf("the addon manager uses %d KiB (peak %d), want less than %d", now, peak, limit)
		}
		return
	}
	t.Error("no machine runs an addon manager")
}
