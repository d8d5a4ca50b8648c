package turnup

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/internal/atomicfile"
	"turnup.dev/kubectl-turnup/internal/kubeconfig"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// ResetMachine takes one machine out of the cluster and leaves a clean host: its
// pods go elsewhere, its vote in etcd and its Node are deleted, and then what
// turnup has put on it. forced goes on where the API server does not answer, or
// the host: then it is only forgotten.
func (t *Turnup) ResetMachine(ctx context.Context, name string, forced bool) error {
	unlock, err := t.Home.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	file, err := t.Home.ReadMachines()
	if err != nil {
		return err
	}
	m, err := t.resettable(file, name)
	if err != nil {
		return err
	}
	question := fmt.Sprintf("Take %s out of %s, and remove all that turnup has put there?", m.Name, t.name())
	if m.Role == machines.ControlPlane {
		question = fmt.Sprintf("Take %s out of %s, and remove all that turnup has put there, etcd's data among it?", m.Name, t.name())
	}
	if err := t.Out.Confirm(ctx, question); err != nil {
		return err
	}
	if err := t.part(ctx, file, m, forced); err != nil {
		return err
	}
	if err := t.reset(ctx, m); err != nil && (!forced || ctx.Err() != nil) {
		return ui.Hint(err, "run it again when the host answers; --force forgets it as it is")
	}
	file = file.Without(m.Name)
	if err := atomicfile.Write(t.Home.Machines(), file.Encode(), 0o600); err != nil {
		return err
	}
	if err := t.forgetKeys(m); err != nil {
		return err
	}
	if m.Role == machines.ControlPlane {
		if err := t.rebalance(ctx, file); err != nil {
			return err
		}
	}
	t.Out.Printf("%s is no part of %s any more.", m.Name, t.name())
	if t.Config.Provision.Platform == baremetal {
		t.Out.Hintf("take it out of %s, too: as long as it is there, `kubectl turnup create %s` takes it in again", ui.Relative(file.Source), t.name())
	}
	return nil
}

// named finds a machine, and says which ones there are if it is not there.
func (t *Turnup) named(file machines.File, name string) (machines.Machine, error) {
	m, ok := file.Named(name)
	if ok {
		return m, nil
	}
	var names []string
	for _, m := range file.Machines {
		names = append(names, m.Name)
	}
	return m, ui.Hint(fmt.Errorf("there is no machine %q in %s", name, t.name()), "there are %s", strings.Join(names, ", "))
}

// resettable finds the machine, and says why one cannot be reset.
func (t *Turnup) resettable(file machines.File, name string) (machines.Machine, error) {
	m, err := t.named(file, name)
	if err != nil {
		return m, err
	}
	if m.Role == machines.ControlPlane && len(file.WithRole(machines.ControlPlane)) == 1 {
		return m, ui.Hint(fmt.Errorf("%s is the only control plane of %s: there would be no cluster without it", name, t.name()),
			"`kubectl turnup delete %s` resets all its machines", t.name())
	}
	return m, nil
}

// part has a machine leave the cluster, if there is a cluster that answers.
func (t *Turnup) part(ctx context.Context, file machines.File, m machines.Machine, forced bool) error {
	if !m.IsNode() {
		return nil
	}
	to, err := t.connect()
	if err == nil {
		asking, cancel := context.WithTimeout(ctx, lookBudget)
		defer cancel()
		_, err = to.Typed.CoreV1().Nodes().List(asking, metav1.ListOptions{Limit: 1})
	}
	switch {
	case err == nil:
		return t.takeOut(ctx, to, file, m)
	case m.Role == machines.ControlPlane && !forced:
		return ui.Hint(fmt.Errorf("the API server does not answer, so %s cannot leave etcd: %w", m.Name, err),
			"`kubectl turnup create %s` mends what it can; --force goes on without", t.name())
	}
	t.Out.Warnf("the API server does not answer, so the node %s stays in its records: %v", m.Name, err)
	return nil
}

// reset takes off a machine what is on it.
func (t *Turnup) reset(ctx context.Context, m machines.Machine) error {
	ca, err := os.ReadFile(filepath.Join(t.Home.PKI(), "ca.crt"))
	if errors.Is(err, os.ErrNotExist) {
		return nil // no key was ever made, so nothing was ever delivered
	}
	if err != nil {
		return fmt.Errorf("read the cluster's CA: %w", err)
	}
	return t.step(ctx, "reset "+m.Name, bootstrap.ResetBudget, func(ctx context.Context, step *ui.Step) error {
		machine, err := t.open(ctx, m)
		if err != nil {
			return err
		}
		return bootstrap.Reset(ctx, machine, m, fmt.Sprintf("%x", sha256.Sum256(ca)), true, step.See)
	})
}

// deleteHosts is delete where the machines stay: each is reset, and then the
// cluster forgotten. A host that cannot be reset keeps the cluster's directory.
func (t *Turnup) deleteHosts(ctx context.Context) error {
	file, err := t.Home.ReadMachines()
	if err != nil && !errors.Is(err, machines.ErrMissing) {
		return err
	}
	question := fmt.Sprintf("Delete the cluster %s, its data and its keys, and remove it from %s?", t.name(), ui.Count(len(file.Machines), "host"))
	if err := t.Out.Confirm(ctx, question); err != nil {
		return err
	}
	if err := kubeconfig.Check(t.Kubeconfig); err != nil {
		return err
	}
	unlock, err := t.Home.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	errs := make([]error, len(file.Machines))
	var all sync.WaitGroup
	for i, m := range file.Machines {
		all.Go(func() { errs[i] = t.reset(ctx, m) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return ui.Hint(err, "run it again when they answer; the keys stay until then")
	}
	return t.step(ctx, "forget "+t.name(), 10*time.Second, func(context.Context, *ui.Step) error {
		if _, err := kubeconfig.Remove(t.Kubeconfig, t.name()); err != nil {
			return err
		}
		return t.Home.Remove()
	})
}
