package turnup

import (
	"context"
	"errors"
	"fmt"

	"turnup.dev/kubectl-turnup/bootstrap/transport"
	"turnup.dev/kubectl-turnup/internal/atomicfile"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Replace makes one machine of a cluster anew, whether it is lost or not: it
// leaves the cluster as a machine does that the config has no more, is made
// again by phase 1, and joins like a new one.
func (t *Turnup) Replace(ctx context.Context, name string) error {
	unlock, err := t.Home.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	file, err := t.Home.ReadMachines()
	if err != nil {
		return err
	}
	m, err := t.replaceable(file, name)
	if err != nil {
		return err
	}
	question := fmt.Sprintf("Replace %s, with all that is on its disk?", m.Name)
	if err := t.Out.Confirm(ctx, question); err != nil {
		return err
	}
	defer t.follow(stageMachine, stageConfig, stageStart, stageNode, stageReady)()
	if m.IsNode() {
		to, err := t.connect()
		if err != nil {
			return err
		}
		if err := t.takeOut(ctx, to, file, m); err != nil {
			return err
		}
	}
	if err := t.remake(ctx, m); err != nil {
		return err
	}
	plane, err := t.startControlPlane(ctx)
	if err != nil {
		return err
	}
	if err := plane.join(ctx); err != nil {
		return err
	}
	to, err := t.connect()
	if err != nil {
		return err
	}
	return t.step(ctx, "nodes ready", readyBudget, func(ctx context.Context, step *ui.Step) error {
		return t.awaitNodesReady(ctx, to, step)
	})
}

// replaceable finds the machine, and says why one cannot be replaced.
func (t *Turnup) replaceable(file machines.File, name string) (machines.Machine, error) {
	m, err := t.named(file, name)
	if err != nil {
		return m, err
	}
	planes := file.WithRole(machines.ControlPlane)
	if m.Role == machines.ControlPlane && len(planes) == 1 {
		return m, ui.Hint(fmt.Errorf("%s is the only control plane of %s: all that the cluster knows would be gone with it", name, t.name()),
			"with `--set provision.control_planes=3`, `kubectl turnup create %s` gives it others, and then it can be replaced", t.name())
	}
	if t.Config.Provision.Platform == baremetal {
		return m, ui.Hint(fmt.Errorf("%s is a host that turnup did not make, and cannot make anew", name),
			"`kubectl turnup machines reset %s` takes it out cleanly; `kubectl turnup create %s` takes it in again", name, t.name())
	}
	return m, nil
}

// remake has phase 1 make the machine anew, as it is.
func (t *Turnup) remake(ctx context.Context, m machines.Machine) error {
	site, ws, err := t.ready(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = site.close() }()
	return t.bounded(ctx, "make "+m.Name+" anew", t.machinesBudget(), func(ctx context.Context, step *ui.Step) error {
		ws.Progress, ws.Machine = step.See, t.made
		file, err := ws.Replace(ctx, t.Config.Provision.Platform, m.Name)
		if err != nil {
			return err
		}
		return errors.Join(transport.Forget(t.Home.KnownHosts(), m), atomicfile.Write(t.Home.Machines(), file.Encode(), 0o600))
	})
}
