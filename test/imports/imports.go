// Package imports knows who may import whom, and finds who does not keep to it.
// The law is drawn in CONTRIBUTING.md; its reason is that every room can be
// read, tested and used without the others.
package imports

import (
	"fmt"
	"strings"
)

// Module is the path all our packages start with.
const Module = "turnup.dev/kubectl-turnup"

// Package is what the law looks at, as `go list -json` prints it.
type Package struct {
	ImportPath string
	// Imports are the direct ones, Deps all of them; tests do not count.
	Imports, Deps []string
}

const (
	cmd = Module + "/cmd/kubectl-turnup"
	cli = cmd + "/internal/cli"
	// tree is the addon tree on disk.
	tree = cmd + "/internal/tree"
	// pages writes the commands' documents.
	pages = cmd + "/internal/reference"
)

// rooms never import each other.
func rooms() []string {
	return []string{Module + "/terraform", Module + "/bootstrap", Module + "/addon-manager", Module + "/addons"}
}

// below reports whether a package is path or lies under it.
func below(pkg, path string) bool { return pkg == path || strings.HasPrefix(pkg, path+"/") }

// room returns the room a package is in, or "".
func room(pkg string) string {
	for _, path := range rooms() {
		if below(pkg, path) {
			return path
		}
	}
	return ""
}

// Violations lists every import that breaks the law, with its reason.
func Violations(packages []Package) []string {
	var found []string
	for _, p := range packages {
		forbid := func(imports []string, reason string, is func(string) bool) {
			for _, dep := range imports {
				if is(dep) {
					found = append(found, fmt.Sprintf("%s imports %s: %s", p.ImportPath, dep, reason))
				}
			}
		}
		under := func(paths ...string) func(string) bool {
			return func(dep string) bool {
				for _, path := range paths {
					if below(dep, path) {
						return true
					}
				}
				return false
			}
		}
		own := room(p.ImportPath)
		inCmd := below(p.ImportPath, cmd)

		if !inCmd {
			forbid(p.Deps, "nothing outside cmd imports cmd", under(Module+"/cmd"))
		}
		if below(p.ImportPath, tree) {
			forbid(p.Imports, "a tree on disk is of no cluster",
				func(dep string) bool { return below(dep, "k8s.io/client-go") || below(dep, cmd) })
		}
		if own != "" {
			forbid(p.Deps, "rooms never import each other",
				func(dep string) bool { other := room(dep); return other != "" && other != own })
		}
		switch {
		case p.ImportPath == cmd:
			forbid(p.Imports, "main knows the cli only", func(dep string) bool {
				return room(dep) != "" || below(dep, cmd+"/internal") && !below(dep, cli)
			})
		case below(p.ImportPath, cli):
			forbid(p.Imports, "the cli reaches the rooms through internal/turnup", func(dep string) bool { return room(dep) != "" })
		case below(p.ImportPath, pages):
			// It writes the commands' pages: the command line is what it reads.
		case inCmd:
			forbid(p.Imports, "the story and what it stands on know no command line", under(cli, "github.com/spf13/cobra", "k8s.io/kubectl"))
		case own == Module+"/addon-manager":
			forbid(p.Deps, "the addon manager is a small pod",
				under("github.com/spf13/cobra", "k8s.io/kubectl", "github.com/hashicorp/terraform-exec", "github.com/coreos/ignition"))
		case own == Module+"/terraform":
			forbid(p.Deps, "machines are not Kubernetes yet",
				func(dep string) bool { host, _, _ := strings.Cut(dep, "/"); return strings.HasSuffix(host, "k8s.io") })
		case own == Module+"/addons":
			forbid(p.Deps, "the addon tree is only files", under(Module+"/internal"))
		case below(p.ImportPath, Module+"/internal"):
			forbid(p.Deps, "internal is below the rooms", func(dep string) bool { return room(dep) != "" })
		}
	}
	return found
}
