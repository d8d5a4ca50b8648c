package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
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
	// A domain of the user's own, without an edit. The new pods start with it.
	custom := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "coredns-custom"}, Data: map[string]string{
		"corp.server": "corp.example:53 {\n    hosts {\n        192.0.2.8 www.corp.example\n    }\n}\n",
	}}
	if _, err := c.kube.CoreV1().ConfigMaps("kube-system").Create(ctx, custom, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
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
	for name, address := range map[string]string{"arrived.example": "192.0.2.7", "www.corp.example": "192.0.2.8"} {
		// A pod that is on its way out may answer once more. And kubelets take up to a
		// minute and a half to bring a new ConfigMap into a pod that has started before it.
		took := await(ctx, t, "DNS to know the user's "+name, 2*time.Minute, func(ctx context.Context) (bool, string, error) {
			out, err := c.inPod(ctx, "getent ahostsv4 "+name)
			return err == nil && strings.HasPrefix(out, address), out, err
		})
		t.Logf("%s was known after %s", name, ms(took))
	}
}
