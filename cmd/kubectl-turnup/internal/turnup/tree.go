package turnup

import (
	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/tree"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// soundTree refuses an addon tree that no cluster can run, before anything is made.
// One in a git repository is read by the cluster alone.
func (t *Turnup) soundTree() error {
	if t.Config.Addons.Source == api.Git {
		return nil
	}
	file, err := t.expectedMachines()
	if err != nil {
		return err
	}
	files, err := t.treeFiles(file)
	if err != nil {
		return err
	}
	return tree.Sound(files)
}

// treeFiles are those of the user's addon tree or, where there is none, of the
// one that create would write.
func (t *Turnup) treeFiles(file machines.File) (map[string][]byte, error) {
	own, err := tree.Open(t.Config, file)
	if err != nil {
		return nil, err
	}
	return own.Files(t.Config)
}
