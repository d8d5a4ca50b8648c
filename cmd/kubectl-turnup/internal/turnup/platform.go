package turnup

import (
	"context"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/terraform"
)

// platform is what phase 1 does differently where machines are made differently.
// What all platforms with a Terraform module do is in provision.go.
type platform interface {
	// checks says what check looks at.
	checks() string
	// check looks for everything that would make the machines fail, before the
	// first of them is made. Warnings are no reason to stop.
	check(ctx context.Context) (warnings []string, err error)
	// inputs makes what the module needs beside the config. A preview makes
	// nothing, and takes what comes near it.
	inputs(ctx context.Context, preview bool) (terraform.Inputs, error)
	// env is what Terraform's provider needs to hear of it.
	env() map[string]string
	// clear takes away what would be in the way of machines and is not known to
	// Terraform's state.
	clear(ctx context.Context, known map[string]bool, step *ui.Step) error
	// plans says whether a run has to be planned before it is done, and asks
	// whether somebody has to agree to the plan.
	plans(ws *terraform.Workspace) bool
	asks(changes terraform.Changes) bool
	// condemn plans what remove takes away, where that is shown before anybody
	// is asked; nil where it is not.
	condemn(ctx context.Context, ws *terraform.Workspace) (*terraform.Proposal, error)
	// remove takes the machines away with all that belongs to them, and fails if
	// something is left. Without a workspace there is no Terraform to do it.
	remove(ctx context.Context, ws *terraform.Workspace, proposal *terraform.Proposal) error
	close() error
}

// platform opens the one that the config names.
func (t *Turnup) platform(ctx context.Context) (platform, error) {
	if _, ok := config.CloudOf(t.Config); ok {
		return &cloudPlatform{turnup: t}, nil
	}
	if t.Config.Provision.Platform == baremetal {
		return baremetalPlatform{}, nil
	}
	return openLocal(ctx, t)
}

// ready opens the platform and finds the tool, and checks both.
func (t *Turnup) ready(ctx context.Context) (platform, *terraform.Workspace, error) {
	tool, err := terraform.Find(t.Terraform)
	if err != nil {
		return nil, nil, err
	}
	site, err := t.platform(ctx)
	if err != nil {
		return nil, nil, err
	}
	var warnings []string
	err = t.bounded(ctx, site.checks(), preflightBudget, func(ctx context.Context, _ *ui.Step) (err error) {
		tooOld := make(chan error, 1)
		go func() { tooOld <- tool.Check(ctx, ".") }()
		if warnings, err = site.check(ctx); err != nil {
			return err
		}
		return <-tooOld
	})
	if err != nil {
		_ = site.close() // the error that matters is the other one
		return nil, nil, err
	}
	for _, warning := range warnings {
		t.Out.Warnf("%s", warning)
	}
	return site, t.workspace(tool, site), nil
}

func (t *Turnup) workspace(tool terraform.Tool, site platform) *terraform.Workspace {
	return &terraform.Workspace{Dir: t.Home.Terraform(), Tool: tool, Env: site.env()}
}
