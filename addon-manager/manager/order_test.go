package manager_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

func sorted(list []string) []string { slices.Sort(list); return list }

const widgets = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.turnup.dev}
spec:
  group: example.turnup.dev
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`

func TestDefinitionsAndNamespacesComeFirst(t *testing.T) {
	w := newWorld(t)
	w.start()
	// The addon of the names comes after the one that needs them.
	tree := map[string]string{
		"a-user/kustomization.yaml": "resources: [all.yaml]\n",
		"a-user/all.yaml": `
apiVersion: example.turnup.dev/v1
kind: Widget
metadata: {name: one, namespace: order}
spec: {size: 1}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: order}
`,
		"b-definer/kustomization.yaml": "resources: [crd.yaml, namespace.yaml]\n",
		"b-definer/crd.yaml":           widgets,
		"b-definer/namespace.yaml":     "apiVersion: v1\nkind: Namespace\nmetadata: {name: order}\n",
	}
	begin := time.Now()
	revision := w.push(tree)
	w.ready("a-user", revision)
	w.ready("b-definer", revision)
	t.Logf("definition, namespace and object of it: %s", time.Since(begin))
	t.Run("a namespace that holds something is not pruned, and the rest waits for nothing", func(t *testing.T) {
		w.patch("namespaces", "", "order", `{"metadata":{"annotations":{"somebody":"was here"}}}`)
		_, err := w.config.ConfigMaps("order").Create(t.Context(), foreign("order"), metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		revision := w.push(configMap("other", "1"))
		w.ready("other", revision)
		w.eventually("the user addon is gone", func() error { _, err := w.get("configmaps", "turnup-system", "inventory-a-user"); return gone(err) })
		w.approve("b-definer")
		w.says("b-definer", "still holds configmaps/foreign")
		if err := w.config.ConfigMaps("order").Delete(t.Context(), "foreign", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		w.eventually("the namespace is gone", func() error { _, err := w.get("namespaces", "", "order"); return gone(err) })
		w.eventually("the definition is gone", func() error {
			_, err := w.get("customresourcedefinitions.apiextensions.k8s.io", "", "widgets.example.turnup.dev")
			return gone(err)
		})
	})
}

func TestANamespaceOfTheClusterIsNeverPruned(t *testing.T) {
	w := newWorld(t)
	w.start()
	system := "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-public}\n"
	w.ready("system", w.push(join(configMap("fine", "1"), map[string]string{
		"system/kustomization.yaml": "resources: [namespace.yaml]\n", "system/namespace.yaml": system,
	})))
	w.push(configMap("fine", "1"))
	w.eventually("the addon is gone", func() error { _, err := w.get("configmaps", "turnup-system", "inventory-system"); return gone(err) })
	u, err := w.get("namespaces", "", "kube-public")
	if err != nil || u.GetDeletionTimestamp() != nil {
		t.Fatalf("kube-public is being deleted (%v)", err)
	}
	if len(object.Owners(u)) > 0 || u.GetLabels()[object.Label] != "" {
		t.Errorf("it still looks like ours: %v %v", object.Owners(u), u.GetLabels())
	}
}

func TestAFinalizerHoldsUpNobody(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.ready("held", w.push(join(configMap("held", "1"), configMap("fine", "1"))))
	w.patch("configmaps", "default", "held", `{"metadata":{"finalizers":["example.turnup.dev/hold"]}}`)
	w.ready("fine", w.push(configMap("fine", "2")))
	w.says("held", "example.turnup.dev/hold")
	w.ready("fine", w.push(configMap("fine", "3")))
	w.patch("configmaps", "default", "held", `{"metadata":{"finalizers":null}}`)
	w.eventually("the addon is gone", func() error { _, err := w.get("configmaps", "turnup-system", "inventory-held"); return gone(err) })
}

func TestTheNetworkComesBeforeTheRest(t *testing.T) {
	w := newWorld(t)
	w.start()
	tree := join(configMap("rest", "1"), map[string]string{
		"net/kustomization.yaml": "metadata: {annotations: {turnup.dev/wave: network}}\nresources: [deployment.yaml]\n",
		"net/deployment.yaml": `
apiVersion: apps/v1
kind: Deployment
metadata: {name: net, namespace: default}
spec:
  replicas: 1
  selector: {matchLabels: {app: net}}
  template:
    metadata: {labels: {app: net}}
    spec: {containers: [{name: net, image: net}]}
`,
	})
	revision := w.push(tree)
	w.says("rest", "waiting for the network: addon net")
	w.eventually("the Deployment is there", func() error { _, err := w.get("deployments.apps", "default", "net"); return err })
	if _, err := w.get("configmaps", "default", "rest"); gone(err) != nil {
		t.Fatal("the rest did not wait")
	}
	// No kubelet runs here: say what it would.
	_, err := w.objects.Resource(schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}).Namespace("default").
		Patch(context.Background(), "net", types.MergePatchType, []byte(`{"spec":{"replicas":0}}`), metav1.PatchOptions{FieldManager: "somebody"})
	if err != nil {
		t.Fatal(err)
	}
	w.eventually("the manager's replicas are back", func() error {
		u, err := w.get("deployments.apps", "default", "net")
		if err == nil && fmt.Sprint(u.Object["spec"].(map[string]any)["replicas"]) != "1" {
			err = fmt.Errorf("replicas are %v", u.Object["spec"].(map[string]any)["replicas"])
		}
		return err
	})
	t.Run("a new revision is not held up by waiting for the old one's health", func(t *testing.T) {
		tree["net/deployment.yaml"] = strings.Replace(tree["net/deployment.yaml"], "replicas: 1", "replicas: 0", 1)
		begin := time.Now()
		revision = w.push(tree)
		w.ready("net", revision)
		w.ready("rest", revision)
		t.Logf("network ready → rest ready: %s", time.Since(begin))
	})
}

func TestABrokenSourceKeepsTheLastRevision(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.ready("kept", w.push(configMap("kept", "1")))
	w.patch("configmaps", "turnup-system", "addon-source", `{"data":{"revision":"next","sha256":"`+strings.Repeat("0", 64)+`"}}`)
	w.source(func(s api.SourceStatus) error {
		for _, c := range s.Conditions {
			if c.Type == api.Fetched && c.Status == metav1.ConditionFalse && strings.Contains(c.Message, "sha256") {
				return nil
			}
		}
		return fmt.Errorf("%+v", s.Conditions)
	})
	w.delete("configmaps", "default", "kept")
	w.eventually("drift is still undone", func() error { _, err := w.get("configmaps", "default", "kept"); return err })
	t.Run("after a restart, too", func(t *testing.T) {
		w.halt()
		w.delete("configmaps", "default", "kept")
		w.start()
		w.eventually("drift is undone", func() error { _, err := w.get("configmaps", "default", "kept"); return err })
	})
}

func TestABrokenAddonStaysAsItWasAfterARestart(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.ready("worn", w.push(configMap("worn", "good")))
	revision := w.push(join(configMap("worn", "good"), map[string]string{"worn/kustomization.yaml": "resources: [missing.yaml]\n"}))
	broken := func(a api.Addon) error {
		if a.Status.Ready != "False" || a.Status.Revision != revision {
			return fmt.Errorf("%s at %s: %q", a.Status.Ready, a.Status.Revision, a.Status.Message)
		}
		return nil
	}
	w.addon("worn", broken)
	w.halt()
	w.delete("configmaps", "default", "worn")
	w.start()
	w.eventually("the last good object is back", func() error {
		if got := w.data("default", "worn", "key"); got != "good" {
			return fmt.Errorf("data is %q", got)
		}
		return nil
	})
	w.addon("worn", broken)
}

func TestAnAPIServerThatHangsIsWaitedOut(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.ready("hang", w.push(configMap("hang", "1")))
	resume := shared.Pause()
	time.Sleep(3 * time.Second)
	resume()
	begin := time.Now()
	w.ready("hang", w.push(configMap("hang", "2")))
	w.delete("configmaps", "default", "hang")
	w.eventually("drift is undone", func() error { _, err := w.get("configmaps", "default", "hang"); return err })
	t.Logf("back to work %s after the API server", time.Since(begin))
}
