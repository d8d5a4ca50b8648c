package kubeconfig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"

	"turnup.dev/kubectl-turnup/internal/ui"
)

func entry(cluster string) Entry {
	return Entry{Cluster: cluster, Endpoint: "172.30.0.11:6443", CA: []byte("ca"), Cert: []byte("cert"), Key: []byte("key")}
}

// home gives the test a home directory and a KUBECONFIG of its own.
func home(t *testing.T, kubeconfig ...string) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("USERPROFILE", dir)
	for i, name := range kubeconfig {
		kubeconfig[i] = filepath.Join(dir, name)
	}
	t.Setenv("KUBECONFIG", strings.Join(kubeconfig, string(filepath.ListSeparator)))
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func merge(t *testing.T, explicit string, e Entry) Change {
	t.Helper()
	change, err := Merge(explicit, e)
	if err != nil {
		t.Fatal(err)
	}
	return change
}

func remove(t *testing.T, explicit, cluster string) Change {
	t.Helper()
	change, err := Remove(explicit, cluster)
	if err != nil {
		t.Fatal(err)
	}
	return change
}

const others = `apiVersion: v1
clusters:
- cluster:
    certificate-authority: certs/ca.crt
    server: https://work.example.org
  name: work
contexts:
- context:
    cluster: work
    namespace: team
    user: work
  name: work
current-context: work
kind: Config
users:
- name: work
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      args: null
      command: login
      env: null
      interactiveMode: IfAvailable
      provideClusterInfo: false
`

func TestEncodeIsAWholeKubeconfig(t *testing.T) {
	data, err := entry("demo").Encode()
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(data)
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != "https://172.30.0.11:6443" || string(config.KeyData) != "key" || string(config.CAData) != "ca" {
		t.Errorf("%+v", config)
	}
	again, _ := entry("demo").Encode()
	if string(again) != string(data) {
		t.Error("not the same bytes twice")
	}
}

func TestMergeCreatesTheFileInTheHomeDirectory(t *testing.T) {
	dir := home(t)
	change := merge(t, "", entry("demo"))
	want := Change{Path: filepath.Join(dir, ".kube", "config"), Context: "turnup-demo", Changed: true, Current: "turnup-demo"}
	if diff := cmp.Diff(want, change); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(want.Path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	config, err := clientcmd.LoadFromFile(want.Path)
	if err != nil || config.CurrentContext != "turnup-demo" || config.Contexts["turnup-demo"].AuthInfo != "turnup-demo" {
		t.Errorf("%v\n%s", err, read(t, want.Path))
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".kube", "*.lock"))
	if len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestMergeAndRemoveLeaveTheOthersAsTheyWere(t *testing.T) {
	dir := home(t, "config")
	path := filepath.Join(dir, "config")
	write(t, path, others)
	change := merge(t, "", entry("demo"))
	if change.Previous != "work" || change.Current != "turnup-demo" {
		t.Errorf("%+v", change)
	}
	change = remove(t, "", "demo")
	if !change.Changed || change.Previous != "turnup-demo" || change.Current != "" {
		t.Errorf("%+v", change)
	}
	want := strings.Replace(others, "current-context: work", `current-context: ""`, 1)
	if diff := cmp.Diff(want, read(t, path)); diff != "" {
		t.Error(diff)
	}
}

func TestMergeTwiceChangesNothing(t *testing.T) {
	dir := home(t, "config")
	merge(t, "", entry("demo"))
	before := read(t, filepath.Join(dir, "config"))
	if change := merge(t, "", entry("demo")); change.Changed {
		t.Errorf("%+v", change)
	}
	if read(t, filepath.Join(dir, "config")) != before {
		t.Error("the file changed")
	}
}

func TestMergeKeepsTheNamespaceTheUserChose(t *testing.T) {
	dir := home(t, "config")
	path := filepath.Join(dir, "config")
	merge(t, "", entry("demo"))
	config, _ := clientcmd.LoadFromFile(path)
	config.Contexts["turnup-demo"].Namespace = "team"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	renewed := entry("demo")
	renewed.Cert = []byte("newer")
	if change := merge(t, "", renewed); !change.Changed {
		t.Error("the new certificate is missing")
	}
	config, _ = clientcmd.LoadFromFile(path)
	if config.Contexts["turnup-demo"].Namespace != "team" || string(config.AuthInfos["turnup-demo"].ClientCertificateData) != "newer" {
		t.Error(read(t, path))
	}
}

func TestANewEntryGoesIntoTheFirstFileThatExists(t *testing.T) {
	dir := home(t, "missing", "second", "third")
	write(t, filepath.Join(dir, "second"), "")
	write(t, filepath.Join(dir, "third"), others)
	change := merge(t, "", entry("demo"))
	if change.Path != filepath.Join(dir, "second") {
		t.Errorf("%+v", change)
	}
	if _, err := os.Stat(filepath.Join(dir, "missing")); err == nil {
		t.Error("the missing file was created")
	}
	// "work" was selected by the third file, and the second one now wins or is
	// changed: whichever, kubectl has to use the new context.
	selected, err := clientcmd.NewDefaultPathOptions().GetStartingConfig()
	if err != nil || selected.CurrentContext != "turnup-demo" {
		t.Errorf("%v, %v", selected, err)
	}
}

func TestWithNoFileAtAllTheLastOneIsCreated(t *testing.T) {
	dir := home(t, "first", "last")
	if change := merge(t, "", entry("demo")); change.Path != filepath.Join(dir, "last") {
		t.Errorf("%+v", change)
	}
}

func TestAKnownEntryIsReplacedWhereItIs(t *testing.T) {
	dir := home(t, "first", "second")
	write(t, filepath.Join(dir, "first"), others)
	merge(t, filepath.Join(dir, "second"), entry("demo"))
	moved := entry("demo")
	moved.Endpoint = "172.31.0.11:6443"
	if change := merge(t, "", moved); change.Path != filepath.Join(dir, "second") {
		t.Errorf("%+v", change)
	}
	if text := read(t, filepath.Join(dir, "first")); strings.Contains(text, "172.31") || !strings.Contains(text, "current-context: turnup-demo") {
		t.Error(text)
	}
	if text := read(t, filepath.Join(dir, "second")); !strings.Contains(text, "172.31") || strings.Contains(text, "172.30") {
		t.Error(text)
	}
}

func TestAnExplicitPathIsTheOnlyOne(t *testing.T) {
	dir := home(t, "config")
	write(t, filepath.Join(dir, "config"), others)
	explicit := filepath.Join(dir, "new", "admin.conf")
	if change := merge(t, explicit, entry("demo")); change.Path != explicit {
		t.Errorf("%+v", change)
	}
	if read(t, filepath.Join(dir, "config")) != others {
		t.Error("the other file changed")
	}
}

func TestRemoveFindsTheEntriesInEveryFile(t *testing.T) {
	dir := home(t, "first", "second")
	for _, name := range []string{"first", "second"} {
		merge(t, filepath.Join(dir, name), entry("demo"))
		merge(t, filepath.Join(dir, name), entry("other"))
	}
	remove(t, "", "demo")
	for _, name := range []string{"first", "second"} {
		text := read(t, filepath.Join(dir, name))
		if strings.Contains(text, "turnup-demo") || !strings.Contains(text, "current-context: turnup-other") {
			t.Error(text)
		}
	}
}

func TestRemoveWithNothingToRemoveWritesNothing(t *testing.T) {
	dir := home(t, "config", "missing")
	write(t, filepath.Join(dir, "config"), others)
	if change := remove(t, "", "demo"); change.Changed || change.Current != "work" {
		t.Errorf("%+v", change)
	}
	files, _ := os.ReadDir(dir)
	if read(t, filepath.Join(dir, "config")) != others || len(files) != 1 {
		t.Errorf("%v", files)
	}
}

func TestASymlinkStaysOne(t *testing.T) {
	dir := home(t, "config")
	write(t, filepath.Join(dir, "dotfile"), others)
	if err := os.Symlink("dotfile", filepath.Join(dir, "config")); err != nil {
		t.Fatal(err)
	}
	merge(t, "", entry("demo"))
	if info, err := os.Lstat(filepath.Join(dir, "config")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("%v, %v", info, err)
	}
	if !strings.Contains(read(t, filepath.Join(dir, "dotfile")), "turnup-demo") {
		t.Error("the file behind it is unchanged")
	}
}

func TestABrokenKubeconfigIsLeftAloneAndNamed(t *testing.T) {
	dir := home(t, "config")
	path := filepath.Join(dir, "config")
	write(t, path, "clusters: {")
	_, err := Merge("", entry("demo"))
	if err == nil || !strings.Contains(err.Error(), path) || ui.HintOf(err) == "" {
		t.Errorf("%v", err)
	}
	if read(t, path) != "clusters: {" {
		t.Error("the file changed")
	}
}

func TestAnotherWriterIsWaitedFor(t *testing.T) {
	dir := home(t, "config")
	lock := filepath.Join(dir, "config.lock")
	write(t, lock, "")
	time.AfterFunc(100*time.Millisecond, func() { _ = os.Remove(lock) })
	merge(t, "", entry("demo"))
}

func TestALockThatStaysIsNamed(t *testing.T) {
	lock := filepath.Join(t.TempDir(), "config.lock")
	write(t, lock, "")
	err := lockOne(lock, 50*time.Millisecond)
	if err == nil || !strings.Contains(ui.HintOf(err), "remove "+lock) || errors.Is(err, os.ErrExist) {
		t.Errorf("%v", err)
	}
}

func TestManyClustersAtOnceLoseNothing(t *testing.T) {
	dir := home(t, "config")
	write(t, filepath.Join(dir, "config"), others)
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			if _, err := Merge("", entry(fmt.Sprint("c", i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	config, err := clientcmd.LoadFromFile(filepath.Join(dir, "config"))
	if err != nil || len(config.Clusters) != 13 || len(config.AuthInfos) != 13 || len(config.Contexts) != 13 {
		t.Errorf("%v, %d clusters", err, len(config.Clusters))
	}
}
