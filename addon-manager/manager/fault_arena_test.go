package manager_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/manager"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/test/controlplane"
	"turnup.dev/kubectl-turnup/test/faults"
)

// approved lets a revision prune whatever it takes out of the tree.
const approved = "\n\nTurnup-Prune: approved\n"

// soak tells whether there is time for hundreds of rounds.
func soak() bool { return os.Getenv("TURNUP_SOAK") != "" }

// rounds is how often something is done, usually and with TURNUP_SOAK=1.
func rounds(usual, soaking int) int {
	if soak() {
		return soaking
	}
	return usual
}

// arena is a world seen by one who does not trust the manager: what is in the cluster is asked
// of the API server itself, past any proxy.
type arena struct {
	*testing.T
	cluster *controlplane.Cluster
	objects dynamic.Interface
	maps    typedcore.ConfigMapsGetter
	// proxy stands between the managers of this arena and the API server.
	proxy *faults.Proxy
}

// newArena installs the manager's own objects on the shared control plane.
func newArena(t *testing.T) *arena { return arenaOn(t, nil) }

// arenaOn does so on a control plane of the test's own; nil is the shared one.
func arenaOn(t *testing.T, cluster *controlplane.Cluster) *arena {
	t.Helper()
	if testing.Short() {
		t.Skip("faults take time")
	}
	if cluster != nil {
		before := shared
		shared = cluster
		defer func() { shared = before }()
	}
	newWorld(t)
	// A manager that an earlier test killed has not given its lease back.
	leases := coordination.NewForConfigOrDie(shared.Config).Leases(object.Namespace)
	if err := leases.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	a := &arena{T: t, cluster: shared, objects: dynamic.NewForConfigOrDie(shared.Config), maps: typedcore.NewForConfigOrDie(shared.Config)}
	proxy, err := faults.New(shared.Config, seed())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	a.proxy = proxy
	return a
}

// seed is TURNUP_SEED, or 1: what fails is to fail again.
func seed() uint64 {
	var n uint64
	if _, err := fmt.Sscan(os.Getenv("TURNUP_SEED"), &n); err != nil {
		return 1
	}
	return n
}

func dice(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 4)) }

// push makes a forest the tree, with an approval of what it prunes.
func (a *arena) push(f *forest) string {
	a.Helper()
	f.edited, f.pushed = false, map[string]bool{}
	for _, o := range f.things() {
		f.pushed[o.id()] = true
	}
	return a.ship(f.files(), "edit"+approved)
}

func (a *arena) ship(files map[string]string, message string) string {
	a.Helper()
	head, err := a.tryShip(files, message)
	if err != nil {
		a.Fatal(err)
	}
	return head
}

func (a *arena) tryShip(files map[string]string, message string) (string, error) {
	tree := source.Tree{Files: map[string][]byte{}, Message: message}
	for name, text := range files {
		tree.Files[name] = []byte(text)
	}
	head, err := source.Push(context.Background(), a.maps, tree)
	return head.Revision, err
}

// manage runs a manager in this process, through the arena's proxy, until stopped.
func (a *arena) manage() (stop func()) {
	a.Helper()
	return a.manageBy(a.proxy.Config())
}

func (a *arena) manageBy(config *rest.Config) (stop func()) {
	a.Helper()
	log := &tail{}
	m, err := manager.New(config, manager.Options{Interval: time.Second, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		a.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case <-done:
			case <-time.After(30 * time.Second):
				a.Error("the manager does not stop")
			}
			if a.Failed() {
				a.Logf("the manager's log ends with\n%s", log)
			}
		})
	}
	a.Cleanup(stop)
	return stop
}

// tail keeps the end of a log.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if len(l.text) > 1<<16 {
		l.text = slices.Clone(l.text[len(l.text)-1<<15:])
	}
	return len(p), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text[max(0, len(l.text)-6000):])
}

// binary is the addon manager, compiled once per process of the tests into the control plane's directory.
func binary(t testing.TB) string {
	t.Helper()
	dir := filepath.Dir(shared.Kubeconfig)
	path := filepath.Join(dir, "addon-manager")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	path, err := faults.Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// process runs a manager as a real process through a proxy.
func (a *arena) process(proxy *faults.Proxy, identity string) *faults.Process {
	a.Helper()
	path := filepath.Join(a.TempDir(), "kubeconfig")
	if err := proxy.WriteKubeconfig(path); err != nil {
		a.Fatal(err)
	}
	return faults.Start(a, binary(a), path, identity)
}

// until waits for a check to hold.
func (a *arena) until(what string, budget time.Duration, check func() error) {
	a.Helper()
	if err := wait(budget, check); err != nil {
		a.Fatalf("%s (≤ %s): %v", what, budget, err)
	}
}

func wait(budget time.Duration, check func() error) error {
	deadline := time.Now().Add(budget)
	for {
		err := check()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// patient is how long a cluster may take to become its tree, on a computer that has other things to do.
const patient = 45 * time.Second

// settled waits until the cluster is the tree.
func (a *arena) settled(f *forest) {
	a.Helper()
	a.until("the cluster is the tree", patient, func() error { return a.equal(f) })
}

// live lists the objects of a kind that belong to a forest's addons by their field managers, or
// carry its names.
func (a *arena) live(f *forest, kind string) ([]unstructured.Unstructured, error) {
	list, err := a.objects.Resource(f.resource(kind)).List(context.Background(), metav1.ListOptions{})
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list.Items, func(u unstructured.Unstructured) bool { return len(f.owners(&u)) == 0 }), nil
}

// owners are the forest's addons that have applied fields to an object.
func (f *forest) owners(u *unstructured.Unstructured) []string {
	return slices.DeleteFunc(object.Owners(u), func(addon string) bool { return !strings.HasPrefix(addon, f.prefix+"-") })
}

// equal tells whether the cluster is the tree: of our objects exactly the declared ones, each of
// exactly its addon and with its value, and all of that in the inventories.
func (a *arena) equal(f *forest) error {
	declared := map[string]thing{}
	for _, o := range f.things() {
		declared[o.id()] = o
	}
	var wrong []string
	seen := map[string]bool{}
	for _, kind := range f.kinds() {
		items, err := a.live(f, kind)
		if err != nil {
			return err
		}
		for i := range items {
			u := &items[i]
			o := thing{kind: kind, namespace: u.GetNamespace(), name: u.GetName()}
			want, ok := declared[o.id()]
			seen[o.id()] = true
			_, ghost := f.ghosts[o.id()]
			if ghost && u.GetDeletionTimestamp() == nil {
				continue
			}
			if problem := f.wrong(want, ok, u); problem != "" {
				wrong = append(wrong, o.id()+": "+problem)
			}
		}
	}
	for id := range declared {
		if !seen[id] {
			wrong = append(wrong, id+": it is missing")
		}
	}
	for id := range f.ghosts {
		if !seen[id] {
			wrong = append(wrong, id+": it was pruned while an addon is broken")
		}
	}
	if len(f.broken) == 0 {
		problems, err := a.listed(f)
		if err != nil {
			return err
		}
		wrong = append(wrong, problems...)
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return fmt.Errorf("%d differences:\n  %s", len(wrong), strings.Join(wrong[:min(len(wrong), 8)], "\n  "))
	}
	return nil
}

// wrong tells what is not right about one live object of ours.
func (f *forest) wrong(want thing, declared bool, u *unstructured.Unstructured) string {
	owners := f.owners(u)
	owner := f.owner(want)
	switch {
	case !declared:
		return fmt.Sprintf("it is not in the tree, and of %v (deleted at %v, finalizers %v)", owners, u.GetDeletionTimestamp(), u.GetFinalizers())
	case u.GetDeletionTimestamp() != nil:
		return "it is being deleted"
	case len(f.broken) > 0 && !slices.Contains(owners, owner), len(f.broken) == 0 && !slices.Equal(owners, []string{owner}):
		return fmt.Sprintf("it is of %v, not of %s", owners, owner)
	case u.GetLabels()[object.Label] != owner:
		return fmt.Sprintf("its label is %q, not %s", u.GetLabels()[object.Label], owner)
	}
	return f.differs(want, u)
}

// inventories are the forest's, by addon.
func (a *arena) inventories(f *forest) (map[string]inventory.Inventory, error) {
	all, err := inventory.NewStore(a.maps).Load(context.Background())
	for addon := range all {
		if !strings.HasPrefix(addon, f.prefix+"-") {
			delete(all, addon)
		}
	}
	return all, err
}

// listed compares the inventories with the tree.
func (a *arena) listed(f *forest) (wrong []string, err error) {
	all, err := a.inventories(f)
	if err != nil {
		return nil, err
	}
	for addon, things := range f.addons {
		for _, o := range things {
			if _, ok := all[addon][f.ref(o)]; !ok {
				wrong = append(wrong, o.id()+": it is not in the inventory of "+addon)
			}
			delete(all[addon], f.ref(o))
		}
	}
	for addon, rest := range all {
		for ref := range rest {
			wrong = append(wrong, fmt.Sprintf("%s: it is still in the inventory of %s", ref, addon))
		}
		if f.addons[addon] == nil && len(rest) == 0 {
			wrong = append(wrong, "addon "+addon+" left an empty inventory")
		}
	}
	return wrong, nil
}

// covered fails if something of ours is in the cluster and in no inventory: it would never be pruned.
func (a *arena) covered(f *forest) error {
	known := map[object.Ref]bool{}
	all, err := a.inventories(f)
	if err != nil {
		return err
	}
	for _, inv := range all {
		for ref := range inv {
			known[ref] = true
		}
	}
	for _, kind := range f.kinds() {
		items, err := a.live(f, kind)
		if err != nil {
			return err
		}
		for i := range items {
			o := thing{kind: kind, namespace: items[i].GetNamespace(), name: items[i].GetName()}
			if !known[f.ref(o)] {
				return fmt.Errorf("%s is in the cluster and in no inventory", o.id())
			}
		}
	}
	return nil
}

// strangers are objects that look like a forest's and belong to somebody else.
type strangers struct {
	f    *forest
	list []*unstructured.Unstructured
}

// plant makes strangers: of the same kinds, in the same namespace, with the label of an addon.
func (a *arena) plant(f *forest) *strangers {
	a.Helper()
	s := &strangers{f: f}
	for _, kind := range []string{"ConfigMap", "Secret", "ServiceAccount", "Service", "Role", "ClusterRole", "Namespace"} {
		o := thing{kind: kind, name: f.prefix + "-stranger", value: "mine"}
		if kind != "ClusterRole" && kind != "Namespace" {
			o.namespace = "default"
		}
		u := &unstructured.Unstructured{Object: f.manifest(o)}
		u.SetLabels(map[string]string{object.Label: f.addon("keeper")})
		resource := a.resource(f, o)
		err := resource.Delete(context.Background(), o.name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			a.Fatal(err)
		}
		a.until("stranger "+o.id()+" is made", patient, func() error {
			live, err := resource.Create(context.Background(), u, metav1.CreateOptions{FieldManager: "somebody"})
			if err == nil {
				s.list = append(s.list, live)
			}
			return err
		})
	}
	a.Cleanup(func() {
		for _, u := range s.list {
			_ = a.resource(f, thingOf(u)).Delete(context.Background(), u.GetName(), metav1.DeleteOptions{}) // A control plane of the test's own may be gone.
		}
	})
	return s
}

func thingOf(u *unstructured.Unstructured) thing {
	return thing{kind: u.GetKind(), namespace: u.GetNamespace(), name: u.GetName()}
}

func (a *arena) resource(f *forest, o thing) dynamic.ResourceInterface {
	return a.resourceOf(f.resource(o.kind), o.namespace)
}

func (a *arena) resourceOf(gvr schema.GroupVersionResource, namespace string) dynamic.ResourceInterface {
	if namespace == "" {
		return a.objects.Resource(gvr)
	}
	return a.objects.Resource(gvr).Namespace(namespace)
}

// untouched fails if anybody has changed a stranger.
func (a *arena) untouched(s *strangers) {
	a.Helper()
	for _, u := range s.list {
		live, err := a.resource(s.f, thingOf(u)).Get(context.Background(), u.GetName(), metav1.GetOptions{})
		switch {
		case err != nil:
			a.Errorf("stranger %s: %v", thingOf(u).id(), err)
		case live.GetUID() != u.GetUID() || live.GetResourceVersion() != u.GetResourceVersion():
			a.Errorf("stranger %s was changed: uid %s to %s, version %s to %s, managers %v", thingOf(u).id(),
				u.GetUID(), live.GetUID(), u.GetResourceVersion(), live.GetResourceVersion(), object.Owners(live))
		}
	}
}

// clearAfter takes a forest out of the cluster when the test ends. Managers are stopped by then.
func (a *arena) clearAfter(f *forest) {
	a.Cleanup(func() {
		for _, kind := range slices.Backward(f.kinds()) {
			items, err := a.live(f, kind)
			if err != nil {
				a.Logf("clear %s: %v", kind, err)
				continue
			}
			for i := range items {
				u := &items[i]
				err := a.resource(f, thing{kind: kind, namespace: u.GetNamespace()}).Delete(context.Background(), u.GetName(), metav1.DeleteOptions{})
				if err != nil && !apierrors.IsNotFound(err) {
					a.Logf("clear %s %s: %v", kind, u.GetName(), err)
				}
			}
		}
	})
}

// held tells whether everything declared is in the cluster with its value; what else is there
// does not count.
func (a *arena) held(f *forest) error {
	for _, o := range f.things() {
		live, err := a.resource(f, o).Get(context.Background(), o.name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if problem := f.differs(o, live); problem != "" {
			return fmt.Errorf("%s: %s", o.id(), problem)
		}
	}
	return nil
}
