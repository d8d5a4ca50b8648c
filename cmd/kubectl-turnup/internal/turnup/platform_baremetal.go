package turnup

import (
	"context"

	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/terraform"
)

// baremetalPlatform has machines that exist already: nothing is made, and so
// nothing is planned or removed.
type baremetalPlatform struct{}

func (baremetalPlatform) checks() string                          { return "check the machines file" }
func (baremetalPlatform) env() map[string]string                  { return nil }
func (baremetalPlatform) close() error                            { return nil }
func (baremetalPlatform) plans(*terraform.Workspace) bool         { return false }
func (baremetalPlatform) asks(terraform.Changes) bool             { return false }
func (baremetalPlatform) check(context.Context) ([]string, error) { return nil, nil }

func (baremetalPlatform) inputs(context.Context, bool) (terraform.Inputs, error) {
	return terraform.Inputs{}, nil
}

func (baremetalPlatform) clear(context.Context, map[string]bool, *ui.Step) error { return nil }

func (baremetalPlatform) condemn(context.Context, *terraform.Workspace) (*terraform.Proposal, error) {
	return nil, nil
}

// remove has nothing to remove: deleteHosts resets the hosts.
func (baremetalPlatform) remove(context.Context, *terraform.Workspace, *terraform.Proposal) error {
	return nil
}
