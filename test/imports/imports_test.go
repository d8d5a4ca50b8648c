package imports

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// list asks the go command for every package of the module.
func list(t *testing.T) []Package {
	t.Helper()
	touch(t, "../..")
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", Module+"/...")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var packages []Package
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p Package
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// touch looks at every directory of source, since the test cache sees what this
// process reads, and not what the go command does: a result of yesterday would
// hide an import of today.
func touch(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		name := entry.Name()
		if path != root && (strings.HasPrefix(name, ".") || name == "bin" || name == "dist" || name == "clusters") {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestThisModuleKeepsTheLaw(t *testing.T) {
	packages := list(t)
	if len(packages) < 5 {
		t.Fatalf("go list found %d packages only", len(packages))
	}
	for _, violation := range Violations(packages) {
		t.Error(violation)
	}
}

func TestEachClauseOfTheLaw(t *testing.T) {
	cases := []struct {
		name, from, to string
		legal          bool
	}{
		{"main may import the cli", "cmd/kubectl-turnup", "cmd/kubectl-turnup/internal/cli", true},
		{"main must not import the story", "cmd/kubectl-turnup", "cmd/kubectl-turnup/internal/turnup", false},
		{"main must not import a room", "cmd/kubectl-turnup", "terraform", false},
		{"the cli may import the story", "cmd/kubectl-turnup/internal/cli", "cmd/kubectl-turnup/internal/turnup", true},
		{"the cli may import internal", "cmd/kubectl-turnup/internal/cli", "internal/ui", true},
		{"the cli must not import a room", "cmd/kubectl-turnup/internal/cli", "bootstrap/pki", false},
		{"the story may import rooms", "cmd/kubectl-turnup/internal/turnup", "addon-manager/source", true},
		{"the story must not import the cli", "cmd/kubectl-turnup/internal/turnup", "cmd/kubectl-turnup/internal/cli", false},
		{"the story must not see cobra", "cmd/kubectl-turnup/internal/turnup", "github.com/spf13/cobra", false},
		{"what the story stands on must not import the cli", "cmd/kubectl-turnup/internal/addons", "cmd/kubectl-turnup/internal/cli", false},
		{"the pages are written from the cli", "cmd/kubectl-turnup/internal/reference", "cmd/kubectl-turnup/internal/cli", true},
		{"a tree on disk may import rooms", "cmd/kubectl-turnup/internal/tree", "addon-manager/source", true},
		{"a tree on disk is of no cluster", "cmd/kubectl-turnup/internal/tree", "k8s.io/client-go/kubernetes", false},
		{"a tree on disk does not know where clusters are kept", "cmd/kubectl-turnup/internal/tree", "cmd/kubectl-turnup/internal/home", false},
		{"a room may import itself", "bootstrap", "bootstrap/pki", true},
		{"a room may import internal", "bootstrap", "internal/machines", true},
		{"a room must not import another", "bootstrap/transport", "terraform", false},
		{"addon-manager is not a part of addons", "addon-manager/build", "addons", false},
		{"a room must not import cmd", "terraform", "cmd/kubectl-turnup/internal/turnup", false},
		{"test must not import cmd", "test/e2e", "cmd/kubectl-turnup/internal/turnup", false},
		{"test may import rooms", "test/e2e", "terraform", true},
		{"internal must not import rooms", "internal/images", "addons", false},
		{"internal must not import cmd", "internal/ui", "cmd/kubectl-turnup", false},
		{"the addon manager must not see cobra", "addon-manager", "github.com/spf13/cobra", false},
		{"the addon manager must not see kubectl", "addon-manager/plan", "k8s.io/kubectl/pkg/cmd/util", false},
		{"the addon manager must not see terraform-exec", "addon-manager", "github.com/hashicorp/terraform-exec/tfexec", false},
		{"the addon manager must not see ignition", "addon-manager", "github.com/coreos/ignition/v2/config/v3_5", false},
		{"the addon manager may see client-go", "addon-manager", "k8s.io/client-go/rest", true},
		{"terraform must not see Kubernetes", "terraform", "k8s.io/api/core/v1", false},
		{"terraform must not see its libraries", "terraform", "sigs.k8s.io/yaml", false},
		{"terraform may see terraform-exec", "terraform", "github.com/hashicorp/terraform-exec/tfexec", true},
		{"addons must not see internal", "addons", "internal/config", false},
	}
	full := func(path string) string {
		if host, _, _ := strings.Cut(path, "/"); strings.Contains(host, ".") {
			return path
		}
		return Module + "/" + path
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			to := []string{full(tc.to)}
			found := Violations([]Package{{ImportPath: full(tc.from), Imports: to, Deps: to}})
			if (len(found) == 0) != tc.legal {
				t.Errorf("%q", found)
			}
		})
	}
}

func TestAnImportThroughAnotherPackageCountsToo(t *testing.T) {
	found := Violations([]Package{{ImportPath: Module + "/terraform", Deps: []string{"k8s.io/api/core/v1"}}})
	if len(found) != 1 {
		t.Errorf("%q", found)
	}
}
