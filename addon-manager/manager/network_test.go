package manager_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
)

func TestTheRestWaitsUntilTheNetworkCarriesMostNodes(t *testing.T) {
	w := newWorld(t)
	nodes := newNodes(w, "net-a", "net-b", "net-c")
	w.start()
	tree := join(configMap("others", "1"), map[string]string{
		"mesh/kustomization.yaml": "metadata: {annotations: {turnup.dev/wave: network}}\nresources: [daemonset.yaml]\n",
		"mesh/daemonset.yaml": `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: mesh, namespace: default}
spec:
  selector: {matchLabels: {app: mesh}}
  updateStrategy: {type: OnDelete}
  template:
    metadata: {labels: {app: mesh}}
    spec: {tolerations: [{operator: Exists}], containers: [{name: mesh, image: "mesh:1"}]}
`,
	})
	waits := func() {
		t.Helper()
		w.says("others", "waiting for the network: addon mesh")
	}
	revision := w.push(tree)
	nodes.await("mesh:1", 3)
	waits()
	nodes.run("net-a")
	w.says("mesh", "Available: 1/3")
	waits()
	nodes.run("net-b")
	w.ready("others", revision)
	w.says("mesh", "Available: 2/3")

	tree["mesh/daemonset.yaml"] = strings.Replace(tree["mesh/daemonset.yaml"], "mesh:1", "mesh:2", 1)
	revision = w.push(join(tree, configMap("others", "2")))
	waits()
	for _, name := range []string{"net-a", "net-b"} {
		nodes.empty(name)
	}
	nodes.await("mesh:2", 2)
	nodes.run("net-a")
	nodes.run("net-b")
	w.says("mesh", "Updated: 2/3")
	waits()
	nodes.empty("net-c")
	nodes.await("mesh:2", 3)
	w.ready("others", revision)
	w.says("mesh", "Available: 2/3")
}

// testNodes stand in for kubelets, of which none runs here, and for what DaemonSets
// start on them.
type testNodes struct {
	w    *world
	pods typedcore.PodInterface
}

func newNodes(w *world, names ...string) testNodes {
	w.t.Helper()
	client := kubernetes.NewForConfigOrDie(w.rest)
	core := client.CoreV1()
	n := testNodes{w, core.Pods("default")}
	for _, name := range names {
		if _, err := core.Nodes().Create(context.Background(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(func() {
			n.empty(name)
			if err := core.Nodes().Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil {
				w.t.Error(err)
			}
		})
	}
	w.t.Cleanup(func() {
		w.halt() // It would bring them back.
		if err := client.AppsV1().DaemonSets("default").DeleteCollection(context.Background(), metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
			w.t.Error(err)
		}
	})
	return n
}

// list lists the pods of an image, and of a node unless that is empty.
func (n testNodes) list(node, image string) []corev1.Pod {
	n.w.t.Helper()
	list, err := n.pods.List(context.Background(), metav1.ListOptions{})
	if err != nil {
		n.w.t.Fatal(err)
	}
	var pods []corev1.Pod
	for _, pod := range list.Items {
		at := pod.Spec.NodeName
		if affinity := pod.Spec.Affinity; at == "" && affinity != nil && affinity.NodeAffinity != nil {
			at = affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchFields[0].Values[0]
		}
		if (node == "" || at == node) && (image == "" || pod.Spec.Containers[0].Image == image) {
			pods = append(pods, pod)
		}
	}
	return pods
}

// await waits for so many pods of an image.
func (n testNodes) await(image string, count int) {
	n.w.t.Helper()
	n.w.eventually("pods are made", func() error {
		if found := len(n.list("", image)); found != count {
			return fmt.Errorf("%d of %d", found, count)
		}
		return nil
	})
}

// run says of a node's pods that they are ready.
func (n testNodes) run(node string) {
	n.w.t.Helper()
	for _, pod := range n.list(node, "") {
		pod.Status.Phase = corev1.PodRunning
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
		if _, err := n.pods.UpdateStatus(context.Background(), &pod, metav1.UpdateOptions{}); err != nil {
			n.w.t.Fatal(err)
		}
	}
}

// empty deletes a node's pods, and waits for nobody to end them.
func (n testNodes) empty(node string) {
	n.w.t.Helper()
	for _, pod := range n.list(node, "") {
		if err := n.pods.Delete(context.Background(), pod.Name, *metav1.NewDeleteOptions(0)); err != nil && !apierrors.IsNotFound(err) {
			n.w.t.Error(err)
		}
	}
}
