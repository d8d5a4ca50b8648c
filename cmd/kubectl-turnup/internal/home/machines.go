package home

import (
	"os"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// MachineNames are the machines of a cluster. None where there is no such cluster.
func MachineNames(req Request) []string {
	name, err := which(req)
	if err != nil {
		return nil
	}
	home := Of(req.Base, name)
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
