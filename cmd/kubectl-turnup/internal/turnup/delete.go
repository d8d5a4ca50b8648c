package turnup

import (
	"context"
	"fmt"
	"time"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/kubeconfig"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/terraform"
)

// Delete removes a cluster: machines, kubeconfig entries, and last the
// cluster's directory with its keys. Interrupted, it can be run again.
func (t *Turnup) Delete(ctx context.Context) error {
	if t.Config.Provision.Platform == baremetal {
		return t.deleteHosts(ctx)
	}
	if err := kubeconfig.Check(t.Kubeconfig); err != nil {
		return err
	}
	question := fmt.Sprintf("Delete the cluster %s with its machines, its data and its keys?", t.name())
	_, cloud := config.CloudOf(t.Config)
	if !cloud { // there is nothing to show first
		if err := t.Out.Confirm(ctx, question); err != nil {
			return err
		}
	}
	site, err := t.platform(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = site.close() }()
	ws := t.doomed(site)
	unlock, err := t.Home.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	proposal, err := site.condemn(ctx, ws)
	if err != nil {
		return err
	}
	if proposal != nil {
		defer func() { _ = proposal.Withdraw() }()
	}
	if cloud {
		if err := t.Out.Confirm(ctx, question); err != nil {
			return err
		}
	}
	if err := site.remove(ctx, ws, proposal); err != nil {
		return err
	}
	return t.step(ctx, "forget "+t.name(), 10*time.Second, func(context.Context, *ui.Step) error {
		if _, err := kubeconfig.Remove(t.Kubeconfig, t.name()); err != nil {
			return err
		}
		return t.Home.Remove()
	})
}

// doomed is the workspace of a cluster that is to go; nil where there is no tool,
// and machines go without.
func (t *Turnup) doomed(site platform) *terraform.Workspace {
	if _, err := terraform.Module(t.Config.Provision.Platform); err != nil {
		return nil // Terraform made nothing
	}
	tool, err := terraform.Find(t.Terraform)
	if err != nil {
		t.Out.Warnf("Terraform is not there, so machines are removed by their labels: %v", err)
		return nil
	}
	return t.workspace(tool, site)
}
