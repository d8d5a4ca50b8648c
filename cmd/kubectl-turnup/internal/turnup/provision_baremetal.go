package turnup

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/internal/atomicfile"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// baremetal is the platform of machines that exist already.
const baremetal = "baremetal"

// adoptMachines is phase 1 where there is nothing to make: it copies the machines
// file that the user wrote to where the other phases look for it. The user's is
// the source; a later run picks up what changed there.
func (t *Turnup) adoptMachines(ctx context.Context) error {
	return t.step(ctx, "read "+t.Config.Provision.Baremetal.MachinesFile, 10*time.Second, func(context.Context, *ui.Step) error {
		file, err := t.usersMachines()
		if err != nil {
			return err
		}
		if err := t.sameCluster(file); err != nil {
			return err
		}
		return atomicfile.Write(t.Home.Machines(), file.Encode(), 0o600)
	})
}

// usersMachines reads the machines file that the config names.
func (t *Turnup) usersMachines() (machines.File, error) {
	cfg := t.Config.Provision.Baremetal
	path, err := filepath.Abs(filepath.FromSlash(cfg.MachinesFile))
	if err != nil {
		return machines.File{}, fmt.Errorf("find machines file: %w", err)
	}
	file, err := machines.Read(path)
	if errors.Is(err, machines.ErrMissing) {
		return file, ui.Hint(err, "write it, `kubectl turnup machines schema --example` shows one, or name yours with --set provision.baremetal.machines_file=FILE")
	}
	if err != nil {
		return file, ui.Hint(err, "mend the file; `kubectl turnup machines schema` prints its JSON schema for your editor")
	}
	return file.Adopt(path, cfg.SSHUser, cfg.SSHPort), nil
}

// sameCluster refuses a file that left out, or turned into something else, what
// is part of the cluster: that would be forgotten and not taken out.
func (t *Turnup) sameCluster(file machines.File) error {
	before, err := t.Home.ReadMachines()
	if err != nil {
		return nil // there is no cluster yet, or its record is about to be mended
	}
	var missing, changed []string
	for _, m := range before.Machines {
		now, ok := file.Named(m.Name)
		switch {
		case !ok:
			missing = append(missing, m.Name)
		case now.Role != m.Role || now.Address != m.Address:
			changed = append(changed, m.Name)
		}
	}
	if len(missing) > 0 {
		return ui.Hint(fmt.Errorf("%s no longer names %s, and the cluster %s has it", file.Source, strings.Join(missing, ", "), t.name()),
			"`kubectl turnup machines reset %s` takes it out of the cluster first", missing[0])
	}
	if len(changed) > 0 {
		return ui.Hint(fmt.Errorf("in %s the role or the address of %s is another than in the cluster %s", file.Source, strings.Join(changed, ", "), t.name()),
			"`kubectl turnup machines reset %s` takes it out of the cluster first", changed[0])
	}
	return nil
}

// nodes is how many nodes a cluster of these machines has.
func nodes(file machines.File) int {
	n := len(file.Machines) - len(file.WithRole(machines.LoadBalancer))
	for _, g := range file.Groups {
		n += g.Count
	}
	return n
}
