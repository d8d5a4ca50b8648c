package turnup

import (
	"context"

	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/terraform"
)

// baremetalPlatform has machines that exist already: nothing is made, and so
// nothing is planned or removed.
type baremetalPlatform struct{ turnup *Turnup }

func (p *baremetalPlatform) checks() string                          { return "check the machines file" }
func (p *baremetalPlatform) env() map[string]string                  { return nil }
func (p *baremetalPlatform) close() error                            { return nil }
func (p *baremetalPlatform) plans(*terraform.Workspace) bool         { return false }
func (p *baremetalPlatform) asks(terraform.Changes) bool             { return false }
func (p *baremetalPlatform) check(context.Context) ([]string, error) { return nil, nil }

func (p *baremetalPlatform) inputs(context.Context, bool) (terraform.Inputs, error) {
	return terraform.Inputs{}, nil
}

func (p *baremetalPlatform) clear(context.Context, map[string]bool, *ui.Step) error { return nil }

func (p *baremetalPlatform) condemn(context.Context, *terraform.Workspace) (*terraform.Proposal, error) {
	return nil, nil
}

func (p *baremetalPlatform) remove(context.Context, *terraform.Workspace, *terraform.Proposal) error {
	p.turnup.Out.Warnf("the hosts stay as they are, nodes of %s among them", p.turnup.name())
	return nil
}
