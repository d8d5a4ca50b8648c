package turnup

import (
	"os"
	"slices"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/internal/config"
)

// unapplied lists what the config file in the working directory has otherwise
// than the cluster was made with; nothing for a file that is not there, is about
// another cluster or cannot be read (`config check` says why).
func (t *Turnup) unapplied() []config.Difference {
	if _, err := os.Stat(home.DefaultConfigFile); err != nil {
		return nil
	}
	wanted, err := config.Open(home.DefaultConfigFile, nil, config.Strict)
	if err != nil || config.Of(wanted.Config).Cluster.Name != t.name() {
		return nil
	}
	made, err := config.Open(t.Home.Config(), nil, config.Strict)
	if err != nil {
		return nil
	}
	// A file that names no bundle leaves the one that the cluster has.
	return slices.DeleteFunc(config.Diff(made.Config, wanted.Config), func(d config.Difference) bool {
		return d.Path == "bootstrap.bundle" && d.B == ""
	})
}
