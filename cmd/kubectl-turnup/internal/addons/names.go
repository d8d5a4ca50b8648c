package addons

import "path/filepath"

// Names are the addons of the tree, by their directories. None where there is
// no tree.
func (a *Manager) Names() []string {
	files, _ := filepath.Glob(filepath.Join(a.dir, "*", "kustomization.yaml"))
	var names []string
	for _, file := range files {
		// The component with the cluster's values is no addon.
		if name := filepath.Base(filepath.Dir(file)); name != "cluster" {
			names = append(names, name)
		}
	}
	return names
}
