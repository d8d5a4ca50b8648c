package turnup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/internal/atomicfile"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/terraform"
)

// The longest that the steps of phase 1 may take. Clouds take up to ten minutes
// for a load balancer or a scale set, and more to remove them.
const (
	preflightBudget = 30 * time.Second
	imagesBudget    = 30 * time.Minute
	planBudget      = 10 * time.Minute
	machinesBudget  = 10 * time.Minute
	cloudBudget     = 30 * time.Minute
)

// Provision is phase 1: machines exist, and machines.json says how to reach them.
func (t *Turnup) Provision(ctx context.Context) error {
	if t.Config.Provision.Platform == baremetal {
		return t.adoptMachines(ctx)
	}
	site, ws, err := t.ready(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = site.close() }()
	inputs, err := site.inputs(ctx, false)
	if err != nil {
		return err
	}
	move, err := t.moves(ctx, ws)
	if err != nil {
		return err
	}
	arrange := func(ctx context.Context, step *ui.Step) (map[string]bool, error) {
		return t.arrange(ctx, site, ws, inputs, move, step)
	}
	if !site.plans(ws) {
		return t.makeMachines(ctx, ws, func(ctx context.Context, step *ui.Step) (machines.File, error) {
			if _, err := arrange(ctx, step); err != nil {
				return machines.File{}, err
			}
			return ws.Apply(ctx)
		})
	}
	return t.planMachines(ctx, site, ws, arrange)
}

// moves asks whether Terraform's state may go where the config wants it; nil if
// it stays.
func (t *Turnup) moves(ctx context.Context, ws *terraform.Workspace) (*terraform.Move, error) {
	move, err := ws.Moves(t.Config)
	if err != nil || move == nil {
		return nil, err
	}
	if err := t.Out.Confirm(ctx, fmt.Sprintf("Move Terraform's state of %s from %s to %s?", t.name(), move.From, move.To)); err != nil {
		return nil, errors.Join(err, t.takeBack(true))
	}
	return move, nil
}

// arrange writes the workspace, moves the state, clears the way for the machines
// and returns the ids of what the state knows.
func (t *Turnup) arrange(ctx context.Context, site platform, ws *terraform.Workspace, inputs terraform.Inputs, move *terraform.Move, step *ui.Step) (map[string]bool, error) {
	if err := ws.Prepare(t.Config, inputs); err != nil {
		return nil, err
	}
	if move != nil {
		step.See(fmt.Sprintf("moving the state to %s", move.To))
		if err := move.Do(ctx); err != nil {
			return nil, err
		}
	}
	known, err := ws.Known(ctx)
	if err != nil {
		return nil, err
	}
	return known, site.clear(ctx, known, step)
}

// planMachines shows what would change, asks where that is due, and does it.
func (t *Turnup) planMachines(ctx context.Context, site platform, ws *terraform.Workspace, arrange func(context.Context, *ui.Step) (map[string]bool, error)) error {
	var (
		proposal *terraform.Proposal
		known    map[string]bool
	)
	err := t.bounded(ctx, fmt.Sprintf("plan %s on %s", t.machineCount(), t.Config.Provision.Platform), planBudget,
		func(ctx context.Context, step *ui.Step) (err error) {
			if known, err = arrange(ctx, step); err != nil {
				return err
			}
			proposal, err = ws.Propose(ctx)
			return err
		})
	if err != nil {
		return err
	}
	defer func() { _ = proposal.Withdraw() }() // Apply has done it if it got that far
	if site.asks(proposal.Changes) {
		if err := t.agree(ctx, proposal.Changes); err != nil {
			return errors.Join(err, t.takeBack(len(known) > 0))
		}
	}
	if err := t.retire(ctx); err != nil {
		return err
	}
	return t.makeMachines(ctx, ws, func(ctx context.Context, _ *ui.Step) (machines.File, error) { return proposal.Apply(ctx) })
}

// makeMachines applies, and writes the machines file.
func (t *Turnup) makeMachines(ctx context.Context, ws *terraform.Workspace, apply func(context.Context, *ui.Step) (machines.File, error)) error {
	title := fmt.Sprintf("provision %s on %s", t.machineCount(), t.Config.Provision.Platform)
	return t.bounded(ctx, title, t.machinesBudget(), func(ctx context.Context, step *ui.Step) error {
		ws.Progress, ws.Machine = step.See, t.made
		file, err := apply(ctx, step)
		if err != nil {
			return err
		}
		return atomicfile.Write(t.Home.Machines(), file.Encode(), 0o600)
	})
}

func (t *Turnup) machineCount() string {
	n := t.Config.Provision.ControlPlanes + t.Config.Provision.Workers
	if t.Config.Provision.Platform == "local" && t.Config.Provision.ControlPlanes > 1 {
		n++ // the load balancer
	}
	pools, _ := config.WorkerPools(t.Config) // validated
	for _, pool := range pools {
		if pool.Name != config.DefaultPool {
			n += pool.Count
		}
	}
	return ui.Count(n, "machine")
}

func (t *Turnup) machinesBudget() time.Duration {
	if _, ok := config.CloudOf(t.Config); ok {
		return cloudBudget
	}
	return machinesBudget
}

// agree shows a plan and asks for a yes.
func (t *Turnup) agree(ctx context.Context, changes terraform.Changes) error {
	t.Out.Printf("%s", planText(t.name(), changes))
	for _, change := range changes.Removed() {
		if loss := change.Loss(); loss != "" {
			t.Out.Warnf("%s: %s", change.Address, loss)
		}
	}
	return t.Out.Confirm(ctx, fmt.Sprintf("Apply this plan (%s)?", changes))
}

func planText(cluster string, changes terraform.Changes) string {
	return fmt.Sprintf("The plan for %s, %s:\n    %s", cluster, changes, strings.Join(changes.Summary(), "\n    "))
}

// takeBack forgets the config of a run that nobody agreed to: the cluster is as
// it was before. A cluster that never was leaves nothing.
func (t *Turnup) takeBack(made bool) error {
	if t.before != nil {
		return atomicfile.Write(t.Home.Config(), t.before, 0o600)
	}
	if made {
		return nil
	}
	return errors.Join(os.RemoveAll(t.Home.Terraform()), os.RemoveAll(t.Home.PKI()))
}
