package turnup

import (
	"context"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/bootstrap/transport"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// wholeBundle refuses a bundle, if there is one, that lacks an image of the cluster.
func (t *Turnup) wholeBundle() error {
	dir := t.Config.Bootstrap.Bundle
	if dir == "" {
		return nil
	}
	bundle, err := images.Open(dir)
	if err != nil {
		return ui.Hint(err, wholeBundle)
	}
	used, err := t.Images()
	if err != nil {
		return ui.Hint(err, "correct the addon tree, or the config; `kubectl turnup images list` reads them the same way")
	}
	return used.within(bundle)
}

// carryImages brings a machine the images it needs of the bundle, if there is one
// and the machine does not have them already, as local ones do that share a store.
func (t *Turnup) carryImages(ctx context.Context, machine transport.Transport, r bootstrap.Rendered, step *ui.Step) error {
	dir := t.Config.Bootstrap.Bundle
	if dir == "" {
		return nil
	}
	if inputs, err := t.lastInputs(); err != nil || inputs.Store != "" {
		return err
	}
	bundle, err := images.Open(dir)
	if err != nil {
		return ui.Hint(err, wholeBundle)
	}
	if err := bootstrap.EnsureRuntime(ctx, machine, r); err != nil {
		return err
	}
	list := bootstrap.Needed(t.Config, bundle, r.Machine.Role)
	return bootstrap.Import(ctx, machine, r.Machine, bundle, list, func(what string) { step.See("carry " + what) })
}
