package turnup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/terraform"
)

// cloudPlatform rents machines: aws, gce and azure differ in their Terraform
// modules, not here.
type cloudPlatform struct{ turnup *Turnup }

func (p *cloudPlatform) checks() string {
	return "check the way to " + p.turnup.Config.Provision.Platform
}
func (p *cloudPlatform) env() map[string]string { return nil }
func (p *cloudPlatform) close() error           { return nil }

// check only looks whether there are credentials; Terraform's plan tries them.
func (p *cloudPlatform) check(context.Context) ([]string, error) {
	return nil, terraform.Credentials(p.turnup.Config.Provision.Platform)
}

// inputs are the public SSH key, and what the workers boot with: the CA's
// certificate and a token. So keys are there before any machine is.
func (p *cloudPlatform) inputs(_ context.Context, preview bool) (terraform.Inputs, error) {
	t, ensure := p.turnup, pki.Ensure
	if preview {
		ensure = pki.Preview
	}
	keys, err := ensure(t.Home.PKI(), t.keyRequest("", nil), time.Now())
	if err != nil {
		return terraform.Inputs{}, err
	}
	userData, err := userData(t.Config, keys)
	return terraform.Inputs{SSHPublicKey: keys.SSH.Public, UserData: userData}, err
}

// userData is what the workers of each pool boot with.
func userData(cfg config.Cluster, keys *pki.PKI) (map[string]string, error) {
	pools, err := config.WorkerPools(cfg)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, pool := range pools {
		data, err := bootstrap.UserData(cfg, keys, groupOf(cfg, pool))
		if err != nil {
			return nil, err
		}
		all[pool.Name] = string(data)
	}
	return all, nil
}

// groupOf is a pool as machines.json has it. The subnets are those of the whole
// network: which of them the module gives to workers is its own affair.
func groupOf(cfg config.Cluster, pool config.Pool) machines.Group {
	cloud, _ := config.CloudOf(cfg)
	return machines.Group{
		Name: cfg.Cluster.Name + "-" + pool.Name, Count: pool.Count,
		Subnets: []string{cloud.Subnet}, Labels: pool.Labels, Taints: pool.Taints,
	}
}

// clear has nothing to do: names in a cloud are in nobody's way, and a stray is
// for delete to report.
func (p *cloudPlatform) clear(context.Context, map[string]bool, *ui.Step) error { return nil }

func (p *cloudPlatform) plans(*terraform.Workspace) bool { return true }

// asks: whatever is made costs money.
func (p *cloudPlatform) asks(changes terraform.Changes) bool { return changes.Any() }

// condemn plans the removal, so that what goes is seen before anybody says yes.
func (p *cloudPlatform) condemn(ctx context.Context, ws *terraform.Workspace) (proposal *terraform.Proposal, err error) {
	t := p.turnup
	if ws == nil {
		return nil, ui.Hint(errors.New("without Terraform, what it made cannot be removed"), "install it, or name it with --terraform PATH")
	}
	if !ws.Applied() {
		return nil, nil
	}
	err = t.bounded(ctx, "plan the removal of "+t.name(), planBudget, func(ctx context.Context, _ *ui.Step) error {
		if err := terraform.Credentials(t.Config.Provision.Platform); err != nil {
			return err
		}
		proposal, err = ws.ProposeDestroy(ctx)
		return err
	})
	if err == nil && proposal.Any() {
		t.Out.Printf("%s", planText(t.name(), proposal.Changes))
	}
	return proposal, err
}

func (p *cloudPlatform) remove(ctx context.Context, ws *terraform.Workspace, proposal *terraform.Proposal) error {
	if proposal == nil {
		return nil
	}
	t := p.turnup
	if proposal.Any() {
		if err := t.release(ctx); err != nil {
			return err
		}
	}
	err := t.bounded(ctx, "remove the machines of "+t.name(), cloudBudget, func(ctx context.Context, step *ui.Step) error {
		ws.Progress = step.See
		if err := proposal.Destroy(ctx); err != nil {
			return err
		}
		left, err := ws.Remains(ctx)
		if err != nil || len(left) == 0 {
			return err
		}
		slices.Sort(left)
		return ui.Hint(fmt.Errorf("Terraform's state still has %s: %s", ui.Count(len(left), "resource"), strings.Join(slices.Compact(left), ", ")),
			"run the same command again: it goes on where it stopped")
	})
	if err != nil {
		return err
	}
	return t.leftovers(ctx)
}
