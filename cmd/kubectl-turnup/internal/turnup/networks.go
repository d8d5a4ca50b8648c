package turnup

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// ErrTwoNetworks is an addon tree that would give nodes two pod networks.
var ErrTwoNetworks = errors.New("the addon tree has more than one network")

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
	return oneNetwork(files)
}

// oneNetwork refuses a tree with two networks: each would write a configuration for
// the kubelet, which takes the first by name, and pods would be on one or the other.
// A network is a directory that is called like one of ours, or that writes there.
func oneNetwork(files map[string][]byte) error {
	providers := config.Values("network.provider")
	networks := map[string]bool{}
	for path, content := range files {
		addon, _, _ := strings.Cut(path, "/")
		if slices.Contains(providers, addon) || bytes.Contains(content, []byte("path: /etc/cni/net.d")) {
			networks[addon] = true
		}
	}
	found := slices.Sorted(maps.Keys(networks))
	if len(found) < 2 {
		return nil
	}
	return ui.Hint(fmt.Errorf("%w: %s", ErrTwoNetworks, strings.Join(found, ", ")),
		"keep the one that network.provider says, and `git rm -r` the other; or name another directory in addons.path")
}
