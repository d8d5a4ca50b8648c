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
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestCreateSomewhereElseKeepsTheClustersTree(t *testing.T) {
	ctx := context.Background()
	tree := newTree(t)
	here(t, config.Default())
	withMachines(t, config.Default())
	var said bytes.Buffer
	made := &Turnup{Home: HomeOf("clusters", "demo"), Config: config.Default(), Out: ui.New(&said, ui.Options{})}
	to := &access{typed: fake.NewClientset(), dynamic: dynamicfake.NewSimpleDynamicClient(runtime.NewScheme())}

	first, err := made.provideTree(ctx, to)
	if err != nil || len(first.revision) != 40 {
		t.Fatalf("a new cluster: %+v, %v", first, err)
	}
	mine := read(t, Tree{Dir: "addons", values: tree.values}, false)
	mine.Revision, mine.Files["mine/kustomization.yaml"] = "mine", []byte("resources: []\n")
	if _, err := source.Push(ctx, to.typed.CoreV1(), mine); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename("addons", "elsewhere"); err != nil {
		t.Fatal(err)
	}
	again, err := made.provideTree(ctx, to)
	if err != nil || again.revision != "mine" || !slices.Contains(again.addons, "mine") {
		t.Errorf("got %+v, %v, want the tree that the cluster has", again, err)
	}
	if _, err := os.Stat("addons"); err == nil {
		t.Error("another tree was written")
	}
	if !strings.Contains(said.String(), "the cluster keeps the one it has (mine)") {
		t.Errorf("said %q", said.String())
	}
}
