package terraform

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// initialised looks whether the providers of an earlier init are still there,
// and are those that init would take now: links into the plugin directory.
func (w *Workspace) initialised() bool {
	lock, err := os.ReadFile(filepath.Join(w.Dir, lockFile))
	if err != nil {
		return false
	}
	providers := locked(lock)
	for _, provider := range providers {
		if !w.has(provider) {
			return false
		}
	}
	return len(providers) > 0
}

// lockFile is where terraform keeps which providers it has chosen.
const lockFile = ".terraform.lock.hcl"

var lockEntry = regexp.MustCompile(`(?m)^provider "([^"]+)" \{\s+version\s*=\s*"([^"]+)"`)

// locked are the providers of a lock file, each as registry/namespace/name/version.
func locked(lock []byte) []string {
	var providers []string
	for _, match := range lockEntry.FindAllSubmatch(lock, -1) {
		providers = append(providers, string(match[1])+"/"+string(match[2]))
	}
	return providers
}

// has looks for a provider under .terraform.
func (w *Workspace) has(provider string) bool {
	dir := filepath.Join(w.Dir, ".terraform", "providers", filepath.FromSlash(provider))
	found, err := filepath.Glob(filepath.Join(dir, "*", "terraform-provider-*"))
	if err != nil || len(found) == 0 {
		return false
	}
	if w.Tool.Providers == "" {
		return true
	}
	real, err := filepath.EvalSymlinks(found[0])
	if err != nil {
		return false
	}
	mirror, err := filepath.EvalSymlinks(w.Tool.Providers)
	return err == nil && strings.HasPrefix(real, mirror+string(filepath.Separator))
}
