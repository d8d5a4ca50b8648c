package manager_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/apply"
	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/manager"
	"turnup.dev/kubectl-turnup/addon-manager/manifests"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/test/controlplane"
)

// shared is one control plane for all tests of this package; missing says why
// there is none.
var (
	shared  *controlplane.Cluster
	missing error
)

func TestMain(m *testing.M) { os.Exit(spread(m, run)) }

// run runs tests on a control plane.
func run(m *testing.M) int {
	if flag.Lookup("test.list").Value.String() != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "turnup-control-plane-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	shared, missing = controlplane.Run(dir, controlplane.Options{ControllerManager: true})
	if missing != nil && !errors.Is(missing, controlplane.ErrMissing) {
		fmt.Fprintln(os.Stderr, missing)
		return 1
	}
	if shared != nil {
		defer shared.Stop()
	}
	return m.Run()
}

// world is a cluster with the manager's own objects, and nothing else of ours.
type world struct {
	t       *testing.T
	objects dynamic.Interface
	config  typedcore.ConfigMapsGetter
	client  *apply.Client
	log     *lines
	stop    func()
	// trees are what was pushed, by revision.
	trees map[string]map[string][]byte
	// rest is what managers connect with.
	rest *rest.Config
	// marks counts the marker's values.
	marks int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if missing != nil {
		t.Skipf("SKIPPED, NOTHING IS PROVEN: %v", missing)
	}
	config := shared.Config
	w := &world{t: t, objects: dynamic.NewForConfigOrDie(config), config: typedcore.NewForConfigOrDie(config), log: &lines{t: t}, rest: config, trees: map[string]map[string][]byte{}}
	disco := discovery.NewDiscoveryClientForConfigOrDie(config)
	w.client = apply.New(w.objects, metadata.NewForConfigOrDie(config), apply.NewMapper(disco))
	installed, err := manifests.Render(manifests.Options{Image: "none", APIHost: "127.0.0.1", APIPort: "1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range installed {
		// Without an AddonSource the source is of type push.
		if u.GetKind() == "Deployment" || u.GetKind() == "AddonSource" {
			continue
		}
		w.apply(u)
	}
	w.clean()
	t.Cleanup(w.halt)
	return w
}

func (w *world) clean() {
	ctx := context.Background()
	everything := metav1.DeleteOptions{}
	if err := w.config.ConfigMaps("turnup-system").DeleteCollection(ctx, everything, metav1.ListOptions{}); err != nil {
		w.t.Fatal(err)
	}
	w.eventually("the Addon kind is served", func() error {
		err := w.objects.Resource(api.Addons()).DeleteCollection(ctx, everything, metav1.ListOptions{})
		if apierrors.IsNotFound(err) {
			return err
		}
		return nil
	})
}

// start runs a manager as a new process would, until halt.
func (w *world) start() *manager.Manager {
	w.t.Helper()
	m, err := manager.New(w.rest, manager.Options{Interval: 2 * time.Second, Log: slog.New(slog.NewTextHandler(w.log, nil))})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	w.stop = func() {
		cancel()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			w.t.Error("the manager did not stop")
		}
	}
	return m
}

func (w *world) halt() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

// push makes these files the tree; a path without a kustomization gets one.
func (w *world) push(files map[string]string) string {
	w.t.Helper()
	return w.commit(source.Tree{Files: bytesOf(files), Message: w.t.Name()})
}

// pushApproved is push, approving whatever is pruned by it.
func (w *world) pushApproved(files map[string]string) string {
	w.t.Helper()
	return w.commit(source.Tree{Files: bytesOf(files), Message: w.t.Name() + "\n\n" + api.PruneTrailer + ": approved\n"})
}

func bytesOf(files map[string]string) map[string][]byte {
	tree := map[string][]byte{}
	for name, text := range files {
		tree[name] = []byte(text)
	}
	return tree
}

// commit pushes a tree with all that belongs to it.
func (w *world) commit(tree source.Tree) string {
	w.t.Helper()
	head, err := source.Push(context.Background(), w.config, tree)
	if err != nil {
		w.t.Fatal(err)
	}
	w.trees[head.Revision] = tree.Files
	return head.Revision
}

// ready waits until an addon is as a revision has it.
func (w *world) ready(addon, revision string) api.Addon {
	w.t.Helper()
	built, err := build.One(w.trees[revision], addon)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.addon(addon, func(a api.Addon) error {
		if !a.IsTrueTo(built.Hash) {
			return fmt.Errorf("%s is %s at %s: %s", addon, a.Status.Ready, a.Status.Revision, a.Status.Message)
		}
		return nil
	})
}

func (w *world) addon(name string, check func(api.Addon) error) (found api.Addon) {
	w.t.Helper()
	w.eventually("addon "+name, func() error {
		addons, err := api.ListAddons(context.Background(), w.objects)
		if err != nil {
			return err
		}
		for _, found = range addons {
			if found.Name == name {
				return check(found)
			}
		}
		return fmt.Errorf("there is no addon %s", name)
	})
	return found
}

// source waits until what is told about the source is right.
func (w *world) source(check func(api.SourceStatus) error) {
	w.t.Helper()
	w.eventually("the source", func() error {
		s, _, err := api.ReadSource(context.Background(), w.objects)
		if err != nil {
			return err
		}
		return check(s.Status)
	})
}

// ask changes the spec of an Addon.
func (w *world) ask(addon, spec string) {
	w.t.Helper()
	_, err := w.objects.Resource(api.Addons()).Patch(context.Background(), addon, types.MergePatchType,
		[]byte(`{"spec":`+spec+`}`), metav1.PatchOptions{FieldManager: "somebody"})
	if err != nil {
		w.t.Fatal(err)
	}
}

// approve agrees to what an addon wants to prune.
func (w *world) approve(addon string) {
	w.t.Helper()
	a := w.addon(addon, func(a api.Addon) error {
		if a.Status.PendingPrune == nil {
			return fmt.Errorf("nothing of it waits for an approval: %s", a.Status.Message)
		}
		return nil
	})
	w.ask(addon, `{"approvedPrune":"`+a.Status.PendingPrune.Token+`"}`)
}

func (w *world) get(resource, namespace, name string) (*unstructured.Unstructured, error) {
	group, version := "", "v1"
	if plural, g, ok := strings.Cut(resource, "."); ok {
		resource, group = plural, g
	}
	return w.objects.Resource(schema.GroupVersionResource{Group: group, Version: version, Resource: resource}).
		Namespace(namespace).Get(context.Background(), name, metav1.GetOptions{})
}

// data is a ConfigMap's data.key.
func (w *world) data(namespace, name, key string) string {
	u, err := w.get("configmaps", namespace, name)
	if err != nil {
		return "error: " + err.Error()
	}
	value, _, _ := unstructured.NestedString(u.Object, "data", key)
	return value
}

func (w *world) patch(resource, namespace, name, patch string) {
	w.t.Helper()
	_, err := w.objects.Resource(schema.GroupVersionResource{Version: "v1", Resource: resource}).Namespace(namespace).
		Patch(context.Background(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: "somebody"})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) delete(resource, namespace, name string) {
	w.t.Helper()
	err := w.objects.Resource(schema.GroupVersionResource{Version: "v1", Resource: resource}).Namespace(namespace).
		Delete(context.Background(), name, metav1.DeleteOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) apply(u *unstructured.Unstructured) {
	w.t.Helper()
	gvr, namespaced, err := w.client.Resource(context.Background(), refOf(u), "")
	if err != nil {
		w.t.Fatal(err)
	}
	var resource dynamic.ResourceInterface = w.objects.Resource(gvr)
	if namespaced {
		resource = w.objects.Resource(gvr).Namespace(u.GetNamespace())
	}
	if _, err := resource.Apply(context.Background(), u.GetName(), u, metav1.ApplyOptions{FieldManager: "kubectl-turnup", Force: true}); err != nil {
		w.t.Fatal(err)
	}
}

// foreign is an object that no addon declares.
func foreign(namespace string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "foreign", Namespace: namespace}}
}

func (w *world) inventories() map[string]inventory.Inventory {
	w.t.Helper()
	all, err := inventory.NewStore(w.config).Load(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *world) eventually(what string, check func() error) {
	w.t.Helper()
	const budget = 20 * time.Second
	deadline := time.Now().Add(budget)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%s (≤ %s): %v", what, budget, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// lines keeps the manager's log, and shows it when the test fails.
type lines struct {
	t    *testing.T
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.t.Log(strings.TrimSpace(string(p)))
	return l.text.Write(p)
}

func (l *lines) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), text)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

func (l *lines) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
