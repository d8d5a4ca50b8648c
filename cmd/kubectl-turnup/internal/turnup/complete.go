package turnup

import (
	"os"
	"path/filepath"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// Names are the addons of the tree, by their directories. None where there is
// no tree.
func (a *Addons) Names() []string {
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

// MachineNames are the machines of a cluster. None where there is no such cluster.
func MachineNames(req Request) []string {
	name, err := which(req)
	if err != nil {
		return nil
	}
	home := HomeOf(req.Base, name)
	if _, err := os.Stat(home.Machines()); err != nil {
		return nil
	}
	file, err := machines.Read(home.Machines())
	if err != nil {
		return nil
	}
	var names []string
	for _, m := range file.Machines {
		names = append(names, m.Name)
	}
	return names
}
