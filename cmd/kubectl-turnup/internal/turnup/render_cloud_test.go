package turnup

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/golden"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// renderedTree renders a config into a directory and returns its files.
func renderedTree(t *testing.T, cfg config.Cluster) map[string]string {
	t.Helper()
	t.Chdir(t.TempDir())
	one := &Turnup{Home: home.Of("clusters", cfg.Cluster.Name), Config: cfg, Out: ui.New(&strings.Builder{}, ui.Options{})}
	if err := one.Render(t.Context(), "out"); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS("out"), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join("out", path))
		files[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestEachPlatformIsRenderedAsATreeThatPeopleCanRead(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, platform := range []string{"local", "aws", "gce", "azure"} {
		t.Run(platform, func(t *testing.T) {
			files := renderedTree(t, testdir.On(t, platform))
			var names []string
			for name := range files {
				if !strings.HasPrefix(name, "addons/") { // which addons there are is the addons' affair
					names = append(names, name)
				}
			}
			slices.Sort(names)
			at := filepath.Join(here, "testdata", "render", platform)
			golden.Check(t, filepath.Join(at, "tree.txt"), strings.Join(names, "\n")+"\n")
			golden.Check(t, filepath.Join(at, "machines.json"), files["machines.json"])
		})
	}
}

// The files of a control plane that a platform may have a say in: the API
// server's and etcd's addresses, and how a node's agents tell where they are.
func TestTheSameIgnitionOnAllPlatformsButForWhatIsDeclared(t *testing.T) {
	const at = "files/demo-control-plane-0/"
	declared := []string{
		"etc/kubernetes/manifests/etcd.yaml", "etc/kubernetes/manifests/kube-apiserver.yaml", // addresses
		"etc/kubernetes/kubelet.kubeconfig", "etc/kubernetes/kubelet.yaml", // the endpoint; the cloud's name
		"etc/systemd/system/kubelet.service", "opt/turnup/identify", // the id that the cloud gave the machine
	}
	local := renderedTree(t, testdir.On(t, "local"))
	for _, platform := range []string{"aws", "gce", "azure"} {
		cloud := renderedTree(t, testdir.On(t, platform))
		for name, text := range local {
			path, ours := strings.CutPrefix(name, at)
			if ours && cloud[name] != text && !slices.Contains(declared, path) {
				t.Errorf("%s differs on %s:\n%s\n%s", path, platform, text, cloud[name])
			}
		}
		for name := range cloud {
			if _, there := local[name]; strings.HasPrefix(name, at) && !there && !slices.Contains(declared, strings.TrimPrefix(name, at)) {
				t.Errorf("%s is only there on %s", name, platform)
			}
		}
	}
}
