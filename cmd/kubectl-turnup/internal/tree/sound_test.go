package tree

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/config"
)

func TestATreeWithTwoNetworksIsRefused(t *testing.T) {
	tree := newTree(t)
	initTree(t, tree)
	sound := func() error {
		files, err := tree.Files(config.Default())
		if err != nil {
			t.Fatal(err)
		}
		return Sound(files)
	}
	if err := sound(); err != nil {
		t.Fatal(err)
	}
	for own, content := range map[string]string{
		"bridge/kustomization.yaml": "resources: []\n",
		"mine/agent.yaml":           "volumes:\n- name: conf\n  hostPath: {path: /etc/cni/net.d}\n",
	} {
		testdir.Write(t, filepath.Join(tree.Dir, filepath.FromSlash(own)), content)
		err := sound()
		if addon, _, _ := strings.Cut(own, "/"); !errors.Is(err, ErrTwoNetworks) || !strings.Contains(err.Error(), addon) || !strings.Contains(err.Error(), "flannel") {
			t.Errorf("%s: got %v", own, err)
		}
		if err := os.Remove(filepath.Join(tree.Dir, filepath.FromSlash(own))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestATreeWithAConflictIsRefused(t *testing.T) {
	files, err := newTree(t).Files(config.Default())
	if err != nil {
		t.Fatal(err)
	}
	edited := maps.Clone(files)
	edited["coredns/deployment.yaml"] = []byte("<<<<<<< yours\na: 1\n=======\na: 2\n>>>>>>> new\n")
	if err := Sound(edited); err == nil || !strings.Contains(err.Error(), "coredns/deployment.yaml") {
		t.Errorf("got %v", err)
	}
}
