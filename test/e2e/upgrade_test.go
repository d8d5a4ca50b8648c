package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// customisedCoreDNSSurvives upgrades the tree from a version of turnup that
// wrote another CoreDNS. The user's own name and number of replicas, which
// editArrives committed, have to survive that, in the tree and in the cluster.
func (c *cluster) customisedCoreDNSSurvives(ctx context.Context, t *testing.T) {
	for file, lines := range map[string][2]string{
		"coredns/Corefile":        {"    loadbalance\n", ""},
		"coredns/deployment.yaml": {"memory: 70Mi", "memory: 69Mi"},
	} {
		c.edit(t, ".turnup/base/"+file, lines[0], lines[1])
		c.edit(t, file, lines[0], lines[1])
	}
	c.publish(ctx, t, "As an older version of turnup wrote it")

	out := c.must(ctx, t, "addons", "init", "--name", c.name).stdout
	for _, want := range []string{"coredns/Corefile merged\n", "coredns/deployment.yaml merged\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("addons init does not say %q:\n%s", want, out)
		}
	}
	c.publish(ctx, t, "Upgrade turnup")
	await(ctx, t, "the upgrade to reach CoreDNS", time.Minute, func(ctx context.Context) (bool, string, error) {
		d, err := c.kube.AppsV1().Deployments("kube-system").Get(ctx, "coredns", metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		pod := d.Spec.Template.Spec
		memory := pod.Containers[0].Resources.Requests.Memory().String()
		config, err := c.kube.CoreV1().ConfigMaps("kube-system").Get(ctx, pod.Volumes[0].ConfigMap.Name, metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		corefile := config.Data["Corefile"]
		return memory == "70Mi" && *d.Spec.Replicas == 3 && strings.Contains(corefile, "loadbalance") && strings.Contains(corefile, "arrived.example"),
			fmt.Sprintf("%d replicas of %s with\n%s", *d.Spec.Replicas, memory, corefile), nil
	})
	c.awaitAddons(ctx, t, "coredns")
	if out, err := c.inPod(ctx, "getent ahostsv4 arrived.example"); err != nil || !strings.HasPrefix(out, "192.0.2.7") {
		t.Errorf("DNS has forgotten the user's name: %s %v", out, err)
	}
}
