package tree

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// ErrTwoNetworks is an addon tree that would give nodes two pod networks.
var ErrTwoNetworks = errors.New("the addon tree has more than one network")

// Sound refuses files that no cluster should get: with conflicts that nobody has
// resolved, or with two networks.
func Sound(files map[string][]byte) error {
	if names := unresolved(files); len(names) > 0 {
		return ui.Hint(fmt.Errorf("the addon tree has conflicts that are not resolved: %s", strings.Join(names, ", ")),
			"edit what is between <<<<<<< and >>>>>>> there, and commit")
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
