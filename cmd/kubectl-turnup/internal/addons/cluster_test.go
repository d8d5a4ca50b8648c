package addons

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/manifests"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/serverside"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/test/controlplane"
)

// plane is one API server for all tests of this package, made for the first that needs it.
type plane struct {
	once    sync.Once
	cluster *controlplane.Cluster
	err     error
	dir     string
}

var shared plane

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.cluster != nil {
		shared.cluster.Stop()
	}
	os.RemoveAll(shared.dir)
	os.Exit(code)
}

func (p *plane) start(t *testing.T) *controlplane.Cluster {
	t.Helper()
	p.once.Do(func() {
		if p.dir, p.err = os.MkdirTemp("", "turnup-control-plane-"); p.err == nil {
			p.cluster, p.err = controlplane.Run(p.dir, controlplane.Options{})
		}
	})
	if errors.Is(p.err, controlplane.ErrMissing) {
		t.Skipf("SKIPPED, NOTHING IS PROVEN: %v", p.err)
	}
	if p.err != nil {
		t.Fatal(p.err)
	}
	return p.cluster
}

// stage is a real API server on which a manager seems to have worked, and the
// verbs of somebody who has its kubeconfig and a tree in ./addons.
type stage struct {
	*Manager
	t    *testing.T
	said *bytes.Buffer
	api  *cluster.Access
}

func newStage(t *testing.T) *stage {
	t.Helper()
	shared.start(t)
	testdir.Empty(t)
	s := &stage{t: t, said: &bytes.Buffer{}}
	s.open(false)
	to, err := s.reach()
	if err != nil {
		t.Fatal(err)
	}
	s.api = to
	objects, err := manifests.Render(manifests.Options{Image: "none", APIHost: "127.0.0.1", APIPort: "1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range objects {
		if u.GetKind() != "Deployment" {
			s.must(serverside.Apply(t.Context(), to.Dynamic, u, time.Minute, nil))
		}
	}
	s.clean()
	return s
}

// open is what a command line does; yes answers its questions.
func (s *stage) open(yes bool) {
	s.t.Helper()
	a, err := Open(Request{
		Request: home.Request{Base: "clusters"}, Connection: cluster.Connection{Kubeconfig: shared.cluster.Kubeconfig}, Out: ui.New(s.said, ui.Options{Yes: yes}),
	})
	s.must(err)
	s.Manager = a
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// clean takes away what another test left.
func (s *stage) clean() {
	ctx, all := s.t.Context(), metav1.DeleteOptions{}
	for _, namespace := range []string{object.Namespace, "default"} {
		s.must(s.api.Typed.CoreV1().ConfigMaps(namespace).DeleteCollection(ctx, all, metav1.ListOptions{}))
		s.must(s.api.Typed.CoreV1().Secrets(namespace).DeleteCollection(ctx, all, metav1.ListOptions{}))
	}
	s.must(s.api.Dynamic.Resource(api.Addons()).DeleteCollection(ctx, all, metav1.ListOptions{}))
}

// push makes these files the tree on disk and the cluster's, and does what a
// manager would have done for it.
func (s *stage) push(revision string, files map[string]string) {
	s.t.Helper()
	content := map[string][]byte{}
	for name, text := range files {
		content[name] = []byte(text)
		testdir.Write(s.t, "addons/"+name, text)
	}
	_, err := source.Push(s.t.Context(), s.api.Typed.CoreV1(), source.Tree{Revision: revision, Author: "a <a@example.com>", Message: "say " + revision, Files: content})
	s.must(err)
	hashes := build.Hashes(content)
	for _, addon := range build.New().Build(content) {
		s.must(addon.Err)
		owned := inventory.Inventory{}
		for _, one := range addon.Objects {
			owned[one.Ref] = inventory.Entry{Ref: one.Ref, Version: one.Version}
			s.apply(addon.Name, one)
		}
		s.must(inventory.NewStore(s.api.Typed.CoreV1()).Save(s.t.Context(), addon.Name, owned, nil))
		s.report(addon.Name, api.AddonStatus{Ready: "True", Mode: "enforce", Revision: revision, TreeHash: hashes[addon.Name], Objects: len(owned)})
	}
}

func (s *stage) apply(addon string, one object.Declared) {
	s.t.Helper()
	kinds, err := s.api.Kinds()
	s.must(err)
	client, err := s.api.Client(kinds, one.Ref, one.Version)
	s.must(err)
	force := true
	_, err = client.Patch(s.t.Context(), one.Name, types.ApplyPatchType, one.Data, metav1.PatchOptions{FieldManager: object.FieldManager(addon), Force: &force})
	s.must(err)
}

// report writes an Addon as the manager would.
func (s *stage) report(name string, status api.AddonStatus) {
	s.t.Helper()
	client := s.api.Dynamic.Resource(api.Addons())
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(api.GroupVersion().WithKind("Addon"))
	u.SetName(name)
	if _, err := client.Create(s.t.Context(), u, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		s.t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"status": status})
	s.must(err)
	_, err = client.Patch(s.t.Context(), name, types.MergePatchType, body, metav1.PatchOptions{}, "status")
	s.must(err)
}

func (s *stage) addon(name string) api.Addon {
	s.t.Helper()
	u, err := s.api.Dynamic.Resource(api.Addons()).Get(s.t.Context(), name, metav1.GetOptions{})
	s.must(err)
	addon, err := api.DecodeAddon(u)
	s.must(err)
	return addon
}

// versions are the resourceVersions of all that a diff could have written.
func (s *stage) versions() map[string]string {
	s.t.Helper()
	all := map[string]string{}
	maps, err := s.api.Typed.CoreV1().ConfigMaps("").List(s.t.Context(), metav1.ListOptions{})
	s.must(err)
	for _, one := range maps.Items {
		all["ConfigMap "+one.Namespace+"/"+one.Name] = one.ResourceVersion
	}
	secrets, err := s.api.Typed.CoreV1().Secrets("").List(s.t.Context(), metav1.ListOptions{})
	s.must(err)
	for _, one := range secrets.Items {
		all["Secret "+one.Namespace+"/"+one.Name] = one.ResourceVersion
	}
	return all
}

func settings(name, value string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: default}\ndata: {value: %q}\n", name, value)
}

func kustomization(files ...string) string { return "resources: [" + strings.Join(files, ", ") + "]\n" }

const secretFile = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: default}\nstringData: {password: %s}\n"

// text is a diff as the command prints it.
func (d AddonDiff) text() string {
	var b strings.Builder
	for _, c := range d.Changes {
		fmt.Fprintf(&b, "# %s %s %s %s\n%s", c.Addon, c.Ref, c.What, c.From, c.Diff)
	}
	return b.String()
}

func TestDiffShowsWhatTheTreeWouldChangeAndWritesNothing(t *testing.T) {
	s := newStage(t)
	s.push("r1", map[string]string{
		"one/kustomization.yaml": kustomization("a.yaml", "b.yaml", "s.yaml"),
		"one/a.yaml":             settings("a", "1"), "one/b.yaml": settings("b", "1"), "one/s.yaml": fmt.Sprintf(secretFile, "old"),
		"two/kustomization.yaml": kustomization("c.yaml", "d.yaml"), "two/c.yaml": settings("c", "1"), "two/d.yaml": settings("d", "1"),
		"three/kustomization.yaml": kustomization("k.yaml"),
		"three/k.yaml":             strings.Replace(settings("k", "1"), "namespace: default", "namespace: default, annotations: {turnup.dev/prune: 'false'}", 1),
	})
	same, err := s.Diff(t.Context(), Diffing{})
	if err != nil || !same.Empty() {
		t.Fatalf("the tree in force differs: %v\n%s", err, same.text())
	}
	before := s.versions()

	testdir.Write(t, "addons/one/a.yaml", settings("a", "2"))                                                // changed
	testdir.Write(t, "addons/one/s.yaml", fmt.Sprintf(secretFile, "new"))                                    // a changed Secret
	testdir.Write(t, "addons/one/kustomization.yaml", kustomization("a.yaml", "s.yaml", "e.yaml", "d.yaml")) // b left
	testdir.Write(t, "addons/one/e.yaml", settings("e", "1"))                                                // new
	testdir.Write(t, "addons/one/d.yaml", settings("d", "1"))                                                // moved
	testdir.Write(t, "addons/two/kustomization.yaml", kustomization("c.yaml"))
	s.must(os.RemoveAll("addons/three")) // kept
	testdir.Write(t, "addons/four/kustomization.yaml", kustomization("ns.yaml", "in.yaml", "crd.yaml", "cr.yaml"))
	testdir.Write(t, "addons/four/ns.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: four}\n")
	testdir.Write(t, "addons/four/in.yaml", strings.Replace(settings("in", "1"), "default", "four", 1))
	testdir.Write(t, "addons/four/crd.yaml", `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: toys.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Toy, plural: toys, singular: toy, listKind: ToyList}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`)
	testdir.Write(t, "addons/four/cr.yaml", "apiVersion: example.com/v1\nkind: Toy\nmetadata: {name: bear, namespace: default}\n")

	diff, err := s.Diff(t.Context(), Diffing{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range diff.Changes {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s: %s %s %s", c.Addon, c.Ref, c.What, c.From)))
	}
	want := []string{
		"four: Namespace four created",
		"four: ConfigMap four/in created",
		"four: CustomResourceDefinition toys.example.com created",
		"four: Toy default/bear created",
		"one: ConfigMap default/a changed",
		"one: ConfigMap default/b deleted",
		"one: ConfigMap default/d moved two",
		"one: ConfigMap default/e created",
		"one: Secret default/s changed",
		"three: ConfigMap default/k kept",
	}
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s\n%s", d, diff.text())
	}
	for _, part := range []string{
		"-  value: \"1\"\n+  value: \"2\"\n", "*** (before)", "*** (after)", "+++ Secret default/s\tone/s.yaml",
		"-    turnup.dev/addon: two\n", "+    turnup.dev/addon: one\n", "--- ConfigMap default/b\tlive\n+++ ConfigMap default/b\tnot in the tree",
	} {
		if !strings.Contains(diff.text(), part) {
			t.Errorf("%q is not in\n%s", part, diff.text())
		}
	}
	for _, part := range []string{"managedFields", "resourceVersion", "uid:", "bmV3", "b2xk"} {
		if strings.Contains(diff.text(), part) {
			t.Errorf("%q is in\n%s", part, diff.text())
		}
	}
	if after := s.versions(); cmp.Diff(before, after) != "" {
		t.Errorf("something was written:\n%s", cmp.Diff(before, after))
	}

	t.Run("of one addon only", func(t *testing.T) {
		one, err := s.Diff(t.Context(), Diffing{Names: []string{"one"}})
		if err != nil || len(one.Changes) != 5 {
			t.Errorf("%v\n%s", err, one.text())
		}
		if _, err := s.Diff(t.Context(), Diffing{Names: []string{"nine"}}); err == nil || !strings.Contains(ui.HintOf(err), "four, one, three, two") {
			t.Errorf("%v (%s)", err, ui.HintOf(err))
		}
	})
	t.Run("of a revision that the cluster keeps", func(t *testing.T) {
		kept, err := s.Diff(t.Context(), Diffing{Revision: "r1"})
		if err != nil || !kept.Empty() {
			t.Errorf("%v\n%s", err, kept.text())
		}
	})
	t.Run("of a tree with a mistake", func(t *testing.T) {
		testdir.Write(t, "addons/one/a.yaml", settings("a", "2")+"immutable: perhaps\n")
		broken, err := s.Diff(t.Context(), Diffing{})
		if err == nil || !strings.Contains(err.Error(), "ConfigMap default/a (addon one, one/a.yaml)") {
			t.Errorf("error %v names no object and no file", err)
		}
		if !strings.Contains(broken.text(), "ConfigMap default/e created") {
			t.Errorf("the other objects are not compared:\n%s", broken.text())
		}
	})
	t.Run("of a tree that does not build", func(t *testing.T) {
		testdir.Write(t, "addons/one/kustomization.yaml", "resources: [nowhere.yaml]\n")
		broken, err := s.Diff(t.Context(), Diffing{})
		if err == nil || !strings.Contains(err.Error(), "nowhere.yaml") || strings.Contains(broken.text(), "deleted") {
			t.Errorf("error %v\n%s", err, broken.text())
		}
	})
}

func TestFieldsThatAreLeftAloneAreNoDifference(t *testing.T) {
	s := newStage(t)
	s.push("r1", map[string]string{
		"one/kustomization.yaml": kustomization("a.yaml", "e.yaml"),
		"one/a.yaml":             strings.Replace(settings("a", "1"), "namespace: default", "namespace: default, annotations: {turnup.dev/ignore: data.value}", 1),
		"one/e.yaml":             strings.Replace(settings("e", "1"), "namespace: default", "namespace: default, labels: {addonmanager.kubernetes.io/mode: EnsureExists}", 1),
	})
	for _, name := range []string{"a", "e"} {
		_, err := s.api.Typed.CoreV1().ConfigMaps("default").Patch(t.Context(), name, types.MergePatchType, []byte(`{"data":{"value":"scaled"}}`), metav1.PatchOptions{})
		s.must(err)
	}
	if diff, err := s.Diff(t.Context(), Diffing{}); err != nil || !diff.Empty() {
		t.Errorf("%v\n%s", err, diff.text())
	}
}

func TestListAndTreeShowWhatTheManagerReports(t *testing.T) {
	s := newStage(t)
	s.push("r1", map[string]string{
		"one/kustomization.yaml": kustomization("a.yaml", "b.yaml"), "one/a.yaml": settings("a", "1"), "one/b.yaml": settings("b", "1"),
		"two/kustomization.yaml": kustomization("c.yaml"), "two/c.yaml": settings("c", "1"),
	})
	s.must(s.api.Typed.CoreV1().ConfigMaps("default").Delete(t.Context(), "b", metav1.DeleteOptions{}))
	failures := []api.Failure{{Object: "ConfigMap default/b", Reason: "ApplyFailed", Message: "refused", File: "one/b.yaml"}, {Object: "Toy default/bear", Reason: "ApplyFailed", Message: "no such kind"}}
	s.report("one", api.AddonStatus{Ready: "False", Mode: "enforce", Revision: "r1", Objects: 2, Drift: 1, Message: "refused", Failures: failures})

	list, err := s.List(t.Context())
	s.must(err)
	if len(list.Items) != 2 || list.Items[0].Status.Drift != 1 || list.Head != "r1" || list.Origin() != "source push, revision r1" {
		t.Errorf("%+v, %s", list, list.Origin())
	}
	tree, err := s.Tree(t.Context(), nil)
	s.must(err)
	var got []string
	for _, addon := range tree.Addons {
		for _, o := range addon.Objects {
			line := fmt.Sprintf("%s: %s %s %s", addon.Name, o.Ref, o.Health, o.File)
			for _, f := range o.Failures {
				line += " " + f.Message
			}
			got = append(got, line)
		}
	}
	want := []string{
		"one: ConfigMap default/a Healthy one/a.yaml", "one: ConfigMap default/b Missing one/b.yaml refused",
		"one: Toy default/bear Missing  no such kind", "two: ConfigMap default/c Healthy two/c.yaml",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if one, err := s.Tree(t.Context(), []string{"two"}); err != nil || len(one.Addons) != 1 {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err := s.Tree(t.Context(), []string{"nine"}); err == nil || !strings.Contains(ui.HintOf(err), "one, two") {
		t.Errorf("%v (%s)", err, ui.HintOf(err))
	}
	if !strings.Contains(s.said.String(), "on the context test (https://127.0.0.1:") {
		t.Errorf("it does not say which cluster it is: %q", s.said)
	}
}

func TestWhySaysWhereAnObjectComesFrom(t *testing.T) {
	s := newStage(t)
	s.push("r1", map[string]string{"one/kustomization.yaml": kustomization("a.yaml"), "one/a.yaml": settings("a", "1")})
	configs := s.api.Typed.CoreV1().ConfigMaps("default")
	_, err := configs.Patch(t.Context(), "a", types.MergePatchType, []byte(`{"data":{"other":"x"}}`), metav1.PatchOptions{FieldManager: "somebody"})
	s.must(err)
	_, err = configs.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "stranger", Labels: map[string]string{object.Label: "one"}}}, metav1.CreateOptions{})
	s.must(err)

	for _, words := range []ObjectWords{{"cm", "", "a"}, {"configmaps", "default", "a"}, {"ConfigMap", "default", "a"}, {"configmap", "", "a"}} {
		origin, err := s.Why(t.Context(), words)
		s.must(err)
		var managers []string
		for _, m := range origin.Managers {
			managers = append(managers, m.Name)
		}
		slices.Sort(managers)
		if !origin.Ours() || origin.Addon != "one" || origin.File != "one/a.yaml" || origin.Revision != "r1" || origin.Applied == nil ||
			len(origin.Remarks) != 0 || fmt.Sprint(managers) != "[somebody turnup/one]" {
			t.Errorf("%v: %+v", words, origin)
		}
	}
	stranger, err := s.Why(t.Context(), ObjectWords{"cm", "default", "stranger"})
	if err != nil || stranger.Ours() || len(stranger.Remarks) != 1 || !strings.Contains(stranger.Remarks[0], "whose inventory does not list it") {
		t.Errorf("%+v, %v", stranger, err)
	}
	s.must(configs.Delete(t.Context(), "a", metav1.DeleteOptions{}))
	if gone, err := s.Why(t.Context(), ObjectWords{"cm", "default", "a"}); err != nil || !gone.Ours() || gone.Exists || len(gone.Remarks) != 1 {
		t.Errorf("%+v, %v", gone, err)
	}
	for _, words := range []ObjectWords{{"cm", "default", "nowhere"}, {"toy", "default", "bear"}} {
		if _, err := s.Why(t.Context(), words); err == nil || ui.HintOf(err) == "" {
			t.Errorf("%v: %v, want an error with a way out", words, err)
		}
	}
	if role, err := s.Why(t.Context(), ObjectWords{"clusterrole", "", "cluster-admin"}); err != nil || role.Ours() || role.Object.Namespace != "" {
		t.Errorf("%+v, %v", role, err)
	}
}

func TestRollbackPointsTheHeadAtAKeptRevision(t *testing.T) {
	s := newStage(t)
	if _, err := s.Rollback(t.Context(), "x", false, 0); err == nil || !strings.Contains(ui.HintOf(err), "addons push") {
		t.Errorf("without any revision: %v", err)
	}
	for _, revision := range []string{"aaa1", "aaa2", "bbb1"} {
		s.push(revision, map[string]string{"one/kustomization.yaml": kustomization("a.yaml"), "one/a.yaml": settings("a", revision)})
	}
	list, err := s.Revisions(t.Context())
	s.must(err)
	if len(list.Items) != 3 || slices.IndexFunc(list.Items, func(r Revision) bool { return r.Current && r.Revision == "bbb1" }) < 0 {
		t.Errorf("%+v", list)
	}
	for prefix, want := range map[string]string{"aaa": "2 revisions begin with aaa", "c": "keeps no revision c"} {
		_, err := s.Rollback(t.Context(), prefix, false, 0)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(ui.HintOf(err), "aaa1") {
			t.Errorf("%s: %v (%s)", prefix, err, ui.HintOf(err))
		}
	}
	revision, err := s.Rollback(t.Context(), "aaa1", false, 0)
	head, errHead := source.Current(t.Context(), s.api.Typed.CoreV1())
	if err != nil || errHead != nil || revision.Revision != "aaa1" || head.Revision != "aaa1" {
		t.Errorf("%+v, head %+v, %v, %v", revision, head, err, errHead)
	}
	if from, err := readSource(t.Context(), s.api); err != nil || from.Spec.Suspend {
		t.Errorf("a source of type push was suspended: %+v, %v", from.Spec, err)
	}
}

func TestRollbackFromAGitSourceSuspendsIt(t *testing.T) {
	s := newStage(t)
	s.push("r1", map[string]string{"one/kustomization.yaml": kustomization("a.yaml"), "one/a.yaml": settings("a", "1")})
	git := map[string]any{"type": "git", "suspend": nil, "git": map[string]any{"url": "https://git.example.com/a.git"}}
	s.must(amend(t.Context(), s.api, api.Sources(), api.SourceName, "spec", git))
	t.Cleanup(func() {
		_ = amend(context.Background(), s.api, api.Sources(), api.SourceName, "spec", map[string]any{"type": "push", "suspend": nil, "git": nil})
	})
	if _, err := s.Push(t.Context(), Pushing{Dirty: true}); !errors.Is(err, ErrGitSource) || !strings.Contains(ui.HintOf(err), "--force") {
		t.Errorf("a push over a git source: %v", err)
	}
	_, err := s.Rollback(t.Context(), "r1", false, 0)
	s.must(err)
	if from, err := readSource(t.Context(), s.api); err != nil || !from.Spec.Suspend || !strings.Contains(s.said.String(), "suspended the git source") {
		t.Errorf("%+v, %v, said %q", from.Spec, err, s.said)
	}
	if _, err := s.Suspend(t.Context(), nil, false, false); err != nil {
		t.Error(err)
	}
	if from, err := readSource(t.Context(), s.api); err != nil || from.Spec.Suspend {
		t.Errorf("%+v, %v", from.Spec, err)
	}
}

func TestSuspendAndReconcileSpeakToTheManager(t *testing.T) {
	s := newStage(t)
	s.push("r1", map[string]string{
		"one/kustomization.yaml": kustomization("a.yaml"), "one/a.yaml": settings("a", "1"),
		"two/kustomization.yaml": kustomization("c.yaml"), "two/c.yaml": settings("c", "1"),
	})
	done, err := s.Suspend(t.Context(), []string{"one"}, false, true)
	if err != nil || fmt.Sprint(done) != "[addon/one]" || !s.addon("one").Spec.Suspend || s.addon("two").Spec.Suspend {
		t.Errorf("%v, %v", done, err)
	}
	if done, err = s.Suspend(t.Context(), nil, true, true); err != nil || len(done) != 2 || !s.addon("two").Spec.Suspend {
		t.Errorf("%v, %v", done, err)
	}
	if done, err = s.Suspend(t.Context(), nil, true, false); err != nil || len(done) != 2 || s.addon("one").Spec.Suspend {
		t.Errorf("%v, %v", done, err)
	}
	if _, err := s.Suspend(t.Context(), []string{"nine"}, false, true); err == nil {
		t.Error("an addon that is not there was suspended")
	}
	done, err = s.Reconcile(t.Context(), []string{"two"}, true, time.Minute)
	if err != nil || fmt.Sprint(done) != "[addon/two]" || s.addon("two").Annotations[api.ReconcileAnnotation] == "" {
		t.Errorf("%v, %v, %v", done, err, s.addon("two").Annotations)
	}
	if done, err = s.Reconcile(t.Context(), nil, false, 0); err != nil || fmt.Sprint(done) != "[addonsource/addons]" {
		t.Errorf("%v, %v", done, err)
	}
}

func TestApproveSaysWhatGoesAndApprovesJustThat(t *testing.T) {
	s := newStage(t)
	if done, err := s.Approve(t.Context(), nil); err != nil || len(done) != 0 || !strings.Contains(s.said.String(), "nothing waits") {
		t.Errorf("%v, %v, said %q", done, err, s.said)
	}
	s.report("one", api.AddonStatus{Ready: "False", PendingPrune: &api.PendingPrune{Token: "t1", Count: 3, Objects: []string{"Namespace a", "Namespace b"}}})
	s.report("two", api.AddonStatus{Ready: "True"})
	if _, err := s.Approve(t.Context(), nil); err == nil || s.addon("one").Spec.ApprovedPrune != "" || !strings.Contains(ui.HintOf(err), "--yes") {
		t.Errorf("nobody confirmed: %v", err)
	}
	for _, part := range []string{"addon one would lose 3 objects", "Namespace a", "and 1 more"} {
		if !strings.Contains(s.said.String(), part) {
			t.Errorf("%q was not said: %q", part, s.said)
		}
	}
	s.open(true)
	if done, err := s.Approve(t.Context(), []string{"two"}); err != nil || len(done) != 0 {
		t.Errorf("%v, %v", done, err)
	}
	if done, err := s.Approve(t.Context(), nil); err != nil || fmt.Sprint(done) != "[addon/one]" || s.addon("one").Spec.ApprovedPrune != "t1" {
		t.Errorf("%v, %v", done, err)
	}
	if done, err := s.Approve(t.Context(), nil); err != nil || len(done) != 0 {
		t.Errorf("what is approved waits again: %v, %v", done, err)
	}
}

func TestAPushWaitsForTheHashesOfItsAddons(t *testing.T) {
	s := newStage(t)
	s.push("r1", map[string]string{"one/kustomization.yaml": kustomization("a.yaml"), "one/a.yaml": settings("a", "1")})
	pushed, err := s.Push(t.Context(), Pushing{Dirty: true, Wait: true, Timeout: time.Minute})
	if err != nil || !strings.HasPrefix(pushed.Revision, "r1") || pushed.Changed {
		t.Errorf("what is in force already: %+v, %v", pushed, err)
	}
	testdir.Write(t, "addons/one/a.yaml", settings("a", "2"))
	pushed, err = s.Push(t.Context(), Pushing{Dirty: true, Wait: true, Timeout: 2 * time.Second})
	if !errors.Is(err, context.DeadlineExceeded) || !pushed.Changed {
		t.Errorf("what nobody applied: %+v, %v", pushed, err)
	}
}
