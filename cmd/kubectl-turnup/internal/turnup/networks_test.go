package turnup

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// rendered is every file that a config makes, by its path.
func rendered(t *testing.T, change func(*config.Cluster)) map[string]string {
	t.Helper()
	t.Chdir(t.TempDir())
	cfg := config.Default()
	change(&cfg)
	one := &Turnup{Home: home.Of("clusters", cfg.Cluster.Name), Config: cfg, Out: ui.New(io.Discard, ui.Options{})}
	if err := one.Render(t.Context(), "out"); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS("out"), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join("out", name))
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestAnotherNetworkChangesNoMachineAndNoNode(t *testing.T) {
	flannel := rendered(t, func(*config.Cluster) {})
	for _, provider := range []string{"bridge", "calico", "cilium", "none"} {
		other := rendered(t, func(cfg *config.Cluster) { cfg.Network.Provider = provider })
		changed := 0
		for name, text := range other {
			if flannel[name] == text {
				continue
			}
			changed++
			if !strings.HasPrefix(name, "addons") {
				t.Errorf("with %s, %s is another file", provider, name)
			}
		}
		for name := range flannel {
			if _, there := other[name]; !there && !strings.HasPrefix(name, "addons") {
				t.Errorf("with %s, there is no %s", provider, name)
			}
		}
		if changed == 0 && provider != "none" {
			t.Errorf("with %s, nothing changes: the comparison does not work", provider)
		}
	}
}

func TestNoMachineOrNodeKnowsTheNetworkByName(t *testing.T) {
	for name, text := range rendered(t, func(*config.Cluster) {}) {
		if !strings.HasPrefix(name, "addons") && strings.Contains(strings.ToLower(text), "flannel") {
			t.Errorf("%s names flannel", name)
		}
	}
}

func TestWhereCoreDNSIsScaledItsReplicasAreNotTheTrees(t *testing.T) {
	for _, scaled := range []bool{false, true} {
		files := rendered(t, func(cfg *config.Cluster) { cfg.Addons.CoreDNSAutoscaler = scaled })
		got := false
		for name, text := range files {
			got = got || strings.HasPrefix(name, "addons") && strings.Contains(text, "turnup.dev/ignore: spec.replicas")
		}
		if got != scaled {
			t.Errorf("with an autoscaler: %v, and the field is left alone: %v", scaled, got)
		}
	}
}
