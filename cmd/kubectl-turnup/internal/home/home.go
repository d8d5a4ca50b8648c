// Package home is what this computer knows of clusters: a directory for each, and
// which of them, with what config, a command is about.
package home

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"

	"turnup.dev/kubectl-turnup/internal/atomicfile"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Home is a cluster's directory: all that this computer knows of the cluster.
type Home struct{ Dir string }

// Of returns the directory of a cluster below a base directory.
func Of(base, cluster string) Home { return Home{Dir: filepath.Join(base, cluster)} }

// List lists the clusters that have a directory below base.
func List(base string) ([]string, error) {
	entries, err := os.ReadDir(base)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list clusters: %w", err)
	}
	var names []string
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(base, e.Name(), "config.json")); err == nil {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Absolute is the same directory for whoever works elsewhere: Terraform does.
func (h Home) Absolute() (Home, error) {
	dir, err := filepath.Abs(h.Dir)
	if err != nil {
		return Home{}, fmt.Errorf("find the cluster's directory: %w", err)
	}
	return Home{Dir: dir}, nil
}

func (h Home) path(name string) string { return filepath.Join(h.Dir, name) }

// Config is the path of the config the cluster was last created with.
func (h Home) Config() string { return h.path("config.json") }

// Machines is the path of the machines file.
func (h Home) Machines() string { return h.path("machines.json") }

// Terraform is the directory of the Terraform module and its state.
func (h Home) Terraform() string { return h.path("terraform") }

// PKI is the directory of keys and certificates.
func (h Home) PKI() string { return h.path("pki") }

// Ignition is the directory of the rendered Ignition configs.
func (h Home) Ignition() string { return h.path("ignition") }

// Kubeconfig is the path of the admin's kubeconfig.
func (h Home) Kubeconfig() string { return h.path("kubeconfig") }

// KnownHosts is the file of the host keys that were accepted for this cluster.
func (h Home) KnownHosts() string { return h.path("known_hosts") }

// Logs is the directory of what was run on the machines.
func (h Home) Logs() string { return h.path("logs") }

// HasKubeconfig tells whether the cluster got as far as to have one.
func (h Home) HasKubeconfig() bool {
	_, err := os.Stat(h.Kubeconfig())
	return err == nil
}

// Exists reports whether the cluster has a directory with a config.
func (h Home) Exists() bool {
	_, err := os.Stat(h.Config())
	return err == nil
}

// ignored keeps all of it out of git: state, keys, and what is made from them.
const ignored = "# Keys, state and what is made from them.\n*\n"

// Make makes the directory.
func (h Home) Make() error {
	if err := os.MkdirAll(h.Dir, 0o700); err != nil {
		return ui.Hint(fmt.Errorf("make the cluster's directory: %w", err), "run it where you may write, or keep the clusters elsewhere with --dir")
	}
	return atomicfile.Write(h.path(".gitignore"), []byte(ignored), 0o600)
}

// Lock keeps a second turnup off this cluster until the returned func is called.
func (h Home) Lock() (func(), error) {
	lock := flock.New(h.path(".lock"))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", h.Dir, err)
	}
	if !ok {
		return nil, ui.Hint(fmt.Errorf("another kubectl turnup is working on %s", h.Dir), "wait until it has finished")
	}
	return func() { _ = lock.Unlock() }, nil
}

// ReadConfig loads the config the cluster was last created with.
func (h Home) ReadConfig() (config.Cluster, error) { return config.Load(h.Config(), nil) }

// WriteConfig keeps a config for the verbs that come later.
func (h Home) WriteConfig(cfg config.Cluster) error {
	return atomicfile.Write(h.Config(), config.Encode(cfg), 0o600)
}

// ReadMachines loads the machines file.
func (h Home) ReadMachines() (machines.File, error) {
	file, err := machines.Read(h.Machines())
	if errors.Is(err, machines.ErrMissing) {
		return file, ui.Hint(err, "`kubectl turnup provision` writes it; for hosts you already have, write it yourself")
	}
	return file, ui.Hint(err, "mend the file, or delete it and run `kubectl turnup provision` again")
}

// Untouched reports whether the directory holds nothing but the config.
func (h Home) Untouched() bool {
	for _, path := range []string{h.Terraform(), h.Machines(), h.PKI()} {
		if _, err := os.Stat(path); err == nil {
			return false
		}
	}
	return true
}

// onThisComputer tells, without the config, whether all that was made for the
// cluster is in this computer's Docker.
func (h Home) onThisComputer() bool {
	if module, err := os.ReadFile(filepath.Join(h.Terraform(), "versions.tf")); err == nil {
		return strings.Contains(string(module), "kreuzwerker/docker")
	}
	file, err := machines.Read(h.Machines())
	return errors.Is(err, machines.ErrMissing) || err == nil &&
		!slices.ContainsFunc(file.Machines, func(m machines.Machine) bool { return m.Transport.Docker == nil })
}

// Remove removes the directory, and the one it is in if it was the last there.
func (h Home) Remove() error {
	if err := os.RemoveAll(h.Dir); err != nil {
		return fmt.Errorf("remove the cluster's directory: %w", err)
	}
	_ = os.Remove(filepath.Dir(h.Dir)) // refused while there are others
	return nil
}

// AdminKubeconfig is what the cluster's own kubeconfig holds.
func (h Home) AdminKubeconfig() ([]byte, error) {
	data, err := os.ReadFile(h.Kubeconfig())
	if errors.Is(err, fs.ErrNotExist) {
		name := filepath.Base(h.Dir)
		return nil, ui.Hint(fmt.Errorf("the cluster %s has no kubeconfig yet", name), "`kubectl turnup create %s` goes on where it was", name)
	}
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	return data, nil
}
