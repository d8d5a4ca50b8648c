package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// alphaGate is a feature that this Kubernetes leaves off, and all its components know.
const alphaGate = "InPlacePodVerticalScalingExclusiveCPUs"

// gateIsOn asks those whose metrics an admin can read, and looks at what the others
// were started with.
func (c *cluster) gateIsOn(ctx context.Context, t *testing.T) {
	paths := []string{"/metrics"}
	for _, m := range c.nodes.Machines {
		paths = append(paths, "/api/v1/nodes/"+m.Name+"/proxy/metrics")
	}
	for _, path := range paths {
		metrics, err := c.kube.CoreV1().RESTClient().Get().AbsPath(path).DoRaw(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if want := `kubernetes_feature_enabled{name="` + alphaGate + `",stage="ALPHA"} 1`; !strings.Contains(string(metrics), want) {
			t.Errorf("%s does not have %s", path, want)
		}
	}
	pods, err := c.kube.CoreV1().Pods("kube-system").List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	started := map[string]bool{}
	for _, pod := range pods.Items {
		container := pod.Spec.Containers[0]
		if slices.Contains(append(container.Command, container.Args...), "--feature-gates="+alphaGate+"=true") {
			started[container.Name] = true
		}
	}
	for _, name := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"} {
		if !started[name] {
			t.Errorf("%s was started without the gate", name)
		}
	}
}
