package manager_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// make makes an object as somebody else, until the test ends.
func (a *arena) make(gvr schema.GroupVersionResource, manifest string) {
	a.Helper()
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal([]byte(manifest), &u.Object); err != nil {
		a.Fatal(err)
	}
	resource := a.resourceOf(gvr, u.GetNamespace())
	a.until("somebody makes "+u.GetName(), patient, func() error {
		_, err := resource.Create(context.Background(), u, metav1.CreateOptions{FieldManager: "somebody"})
		return err
	})
	a.Cleanup(func() {
		if err := resource.Delete(context.Background(), u.GetName(), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			a.Logf("clear %s: %v", u.GetName(), err)
		}
	})
}

func (a *arena) unmake(gvr schema.GroupVersionResource, namespace, name string) {
	a.Helper()
	if err := a.resourceOf(gvr, namespace).Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		a.Fatal(err)
	}
}

func crdResource() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
}

func serviceResource() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}
}

func hookResource() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingwebhookconfigurations"}
}

// TestADefinitionVanishesUnderItsObjects deletes a declared definition, and all objects with it.
func TestADefinitionVanishesUnderItsObjects(t *testing.T) {
	a := newArena(t)
	f := newForest("van")
	f.put("defines", thing{kind: definition, name: "gears0." + f.group(), value: "1"})
	f.put("uses", thing{kind: "Gear0", namespace: "default", name: "van-one", value: "1"})
	f.put("uses", thing{kind: "ConfigMap", namespace: "default", name: "van-config", value: "1"})
	a.clearAfter(f)
	a.manage()
	a.push(f)
	a.settled(f)
	for range rounds(1, 20) {
		a.unmake(crdResource(), "", "gears0."+f.group())
		begin := time.Now()
		a.settled(f)
		t.Logf("all there again after %s", time.Since(begin))
	}
}

// TestADefinitionOfSomebodyElseComesAndGoes declares an object whose kind nobody knows yet.
func TestADefinitionOfSomebodyElseComesAndGoes(t *testing.T) {
	a := newArena(t)
	f := newForest("come")
	f.put("uses", thing{kind: "Gear0", namespace: "default", name: "come-one", value: "1"})
	f.put("other", thing{kind: "ConfigMap", namespace: "default", name: "come-config", value: "1"})
	a.clearAfter(f)
	a.manage()
	a.push(f)
	others := newForest("come")
	others.put("other", thing{kind: "ConfigMap", namespace: "default", name: "come-config", value: "1"})
	a.until("the other addon is there", patient, func() error { return a.held(others) })
	a.make(crdResource(), gear(f.group(), 0))
	begin := time.Now()
	a.settled(f)
	t.Logf("the object is there %s after its definition", time.Since(begin))
	a.unmake(crdResource(), "", "gears0."+f.group())
	f.drop(thing{kind: "Gear0", namespace: "default", name: "come-one"})
	a.push(f)
	a.settled(f)
}

// TestADeadAggregatedAPIIsNoMissingKind lets discovery be incomplete: nothing else may suffer, and
// what it hides may not be taken for gone.
func TestADeadAggregatedAPIIsNoMissingKind(t *testing.T) {
	a := newArena(t)
	f := newForest("agg")
	one := thing{kind: "Gear0", namespace: "default", name: "agg-one", value: "1"}
	a.make(crdResource(), gear(f.group(), 0))
	f.put("uses", one)
	f.put("uses", thing{kind: "ConfigMap", namespace: "default", name: "agg-config", value: "1"})
	f.put("other", thing{kind: "ConfigMap", namespace: "default", name: "agg-other", value: "1"})
	a.clearAfter(f)
	stop := a.manage()
	a.push(f)
	a.settled(f)
	// The API server made an APIService of this name for the definition; ours leads nowhere.
	a.unmake(crdResource(), "", "gears0."+f.group())
	name := "v1." + f.group()
	a.until("the definition's APIService is gone", patient, func() error {
		_, err := a.objects.Resource(serviceResource()).Get(t.Context(), name, metav1.GetOptions{})
		return gone(err)
	})
	a.make(serviceResource(), fmt.Sprintf(`{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":%q},
"spec":{"group":%q,"version":"v1","groupPriorityMinimum":100,"versionPriority":100,"insecureSkipTLSVerify":true,"service":{"namespace":"default","name":"nowhere"}}}`, name, f.group()))
	disco := discovery.NewDiscoveryClientForConfigOrDie(a.cluster.Config)
	a.until("discovery is incomplete", patient, func() error {
		if _, _, err := disco.ServerGroupsAndResources(); !discovery.IsGroupDiscoveryFailedError(err) {
			return fmt.Errorf("it is %v", err)
		}
		return nil
	})
	// A manager that has never seen the kind knows the least.
	stop()
	a.manage()
	f.drop(one)
	f.drop(thing{kind: "ConfigMap", namespace: "default", name: "agg-config"})
	f.put("uses", thing{kind: "ConfigMap", namespace: "default", name: "agg-new", value: "2"})
	f.put("other", thing{kind: "ConfigMap", namespace: "default", name: "agg-other", value: "2"})
	a.push(f)
	a.until("everything else is as declared", patient, func() error { return a.held(f) })
	a.until("everything else is pruned", patient, func() error {
		_, err := a.maps.ConfigMaps("default").Get(t.Context(), "agg-config", metav1.GetOptions{})
		return gone(err)
	})
	time.Sleep(2 * time.Second)
	all, err := inventory.NewStore(a.maps).Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, kept := all["agg-uses"][f.ref(one)]; !kept {
		t.Error("an object whose API does not answer was taken for gone")
	}
	a.unmake(serviceResource(), "", name)
	a.until("it is taken for gone when its kind is", 2*patient, func() error { return a.equal(f) })
}

// refuser is a webhook that answers nothing good for all ConfigMaps of an addon.
func refuser(name, addon, client string, seconds int) string {
	return fmt.Sprintf(`{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration","metadata":{"name":%q},
"webhooks":[{"name":"%s.example.turnup.dev","failurePolicy":"Fail","sideEffects":"None","admissionReviewVersions":["v1"],"timeoutSeconds":%d,
"clientConfig":%s,"objectSelector":{"matchLabels":{%q:%q}},
"rules":[{"apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"],"operations":["CREATE","UPDATE","DELETE"]}]}]}`,
		name, name, seconds, client, object.Label, addon)
}

// TestAWebhookThatRefusesHoldsUpItsOwnObjectsOnly has one webhook without a service and one that never answers.
func TestAWebhookThatRefusesHoldsUpItsOwnObjectsOnly(t *testing.T) {
	a := newArena(t)
	f := newForest("hook")
	for _, addon := range []string{"dead", "mute", "fine"} {
		f.put(addon, thing{kind: "ConfigMap", namespace: "default", name: "hook-" + addon, value: "1"})
		f.put(addon, thing{kind: "ConfigMap", namespace: "default", name: "hook-old-" + addon, value: "1"})
	}
	a.clearAfter(f)
	a.manage()
	a.push(f)
	a.settled(f)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	a.make(hookResource(), refuser("hook-dead", "hook-dead", `{"service":{"namespace":"default","name":"nowhere"}}`, 5))
	a.make(hookResource(), refuser("hook-mute", "hook-mute", fmt.Sprintf(`{"url":"https://%s/"}`, listener.Addr()), 5))
	time.Sleep(1500 * time.Millisecond) // The API server reads its webhooks once in a while.
	for _, addon := range []string{"dead", "mute", "fine"} {
		f.put(addon, thing{kind: "ConfigMap", namespace: "default", name: "hook-" + addon, value: "2"})
		f.drop(thing{kind: "ConfigMap", namespace: "default", name: "hook-old-" + addon})
	}
	a.push(f)
	fine := newForest("hook")
	fine.put("fine", thing{kind: "ConfigMap", namespace: "default", name: "hook-fine", value: "2"})
	begin := time.Now()
	a.until("the fine addon is as declared", 20*time.Second, func() error { return a.held(fine) })
	t.Logf("the fine addon took %s", time.Since(begin))
	a.until("its old object is gone", 20*time.Second, func() error {
		_, err := a.maps.ConfigMaps("default").Get(t.Context(), "hook-old-fine", metav1.GetOptions{})
		return gone(err)
	})
	if live, err := a.maps.ConfigMaps("default").Get(t.Context(), "hook-dead", metav1.GetOptions{}); err != nil || live.Data["value"] != "1" {
		t.Fatalf("the webhook does not refuse (%v, %v): nothing is proven", live.Data, err)
	}
	a.unmake(hookResource(), "", "hook-dead")
	a.unmake(hookResource(), "", "hook-mute")
	begin = time.Now()
	a.until("the cluster is the tree", 2*patient, func() error { return a.equal(f) })
	t.Logf("all is as declared %s after the webhooks", time.Since(begin))
}

// TestANamespaceThatGoesIsWaitedFor declares an object in a namespace that is being deleted.
func TestANamespaceThatGoesIsWaitedFor(t *testing.T) {
	a := newArena(t)
	f := newForest("term")
	namespaces, maps := f.resource("Namespace"), f.resource("ConfigMap")
	a.make(namespaces, `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"term-going"}}`)
	a.make(maps, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"holds","namespace":"term-going","finalizers":["example.turnup.dev/hold"]}}`)
	release := func() {
		_, err := a.maps.ConfigMaps("term-going").Patch(context.Background(), "holds", "application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	}
	t.Cleanup(release)
	a.unmake(namespaces, "", "term-going")
	f.put("late", thing{kind: "ConfigMap", namespace: "term-going", name: "term-late", value: "1"})
	f.put("late", thing{kind: "ConfigMap", namespace: "default", name: "term-near", value: "1"})
	f.put("other", thing{kind: "ConfigMap", namespace: "default", name: "term-other", value: "1"})
	a.clearAfter(f)
	a.manage()
	a.push(f)
	rest := newForest("term")
	rest.put("late", thing{kind: "ConfigMap", namespace: "default", name: "term-near", value: "1"})
	rest.put("other", thing{kind: "ConfigMap", namespace: "default", name: "term-other", value: "1"})
	begin := time.Now()
	a.until("the rest is as declared", 15*time.Second, func() error { return a.held(rest) })
	t.Logf("the rest took %s", time.Since(begin))
	release()
	if !soak() {
		return // A namespace takes five seconds to go, and what waits for it has backed off by then.
	}
	a.until("the namespace is gone", patient, func() error {
		_, err := a.objects.Resource(namespaces).Get(t.Context(), "term-going", metav1.GetOptions{})
		return gone(err)
	})
	a.make(namespaces, `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"term-going"}}`)
	begin = time.Now()
	a.until("the cluster is the tree", 2*patient, func() error { return a.equal(f) })
	t.Logf("the tree %s after the namespace", time.Since(begin))
}
