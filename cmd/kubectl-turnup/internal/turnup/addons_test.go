package turnup

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"

	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestCreateSomewhereElseKeepsTheClustersTree(t *testing.T) {
	ctx := context.Background()
	own := newTree(t)
	testdir.Write(t, "clusters/demo/config.json", string(config.Encode(config.Default())))
	withMachines(t, config.Default())
	var said bytes.Buffer
	made := &Turnup{Home: home.Of("clusters", "demo"), Config: config.Default(), Out: ui.New(&said, ui.Options{})}
	to := &cluster.Access{Typed: fake.NewClientset(), Dynamic: dynamicfake.NewSimpleDynamicClient(runtime.NewScheme())}

	first, err := made.provideTree(ctx, to)
	if err != nil || len(first.Revision) != 40 {
		t.Fatalf("a new cluster: %+v, %v", first, err)
	}
	mine, err := own.Read(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	mine.Revision, mine.Files["mine/kustomization.yaml"] = "mine", []byte("resources: []\n")
	if _, err := source.Push(ctx, to.Typed.CoreV1(), mine); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename("addons", "elsewhere"); err != nil {
		t.Fatal(err)
	}
	again, err := made.provideTree(ctx, to)
	if err != nil || again.Revision != "mine" || !slices.Contains(again.Addons, "mine") {
		t.Errorf("got %+v, %v, want the tree that the cluster has", again, err)
	}
	if _, err := os.Stat("addons"); err == nil {
		t.Error("another tree was written")
	}
	if !strings.Contains(said.String(), "the cluster keeps the one it has (mine)") {
		t.Errorf("said %q", said.String())
	}
}

// withMachines writes the machines file of a cluster that was made.
func withMachines(t *testing.T, cfg config.Cluster) {
	t.Helper()
	made := &Turnup{Home: home.Of("clusters", cfg.Cluster.Name), Config: cfg}
	file, err := made.expectedMachines()
	if err != nil {
		t.Fatal(err)
	}
	testdir.Write(t, made.Home.Machines(), string(file.Encode()))
}
