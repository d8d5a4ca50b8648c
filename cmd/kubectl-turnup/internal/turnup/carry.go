package turnup

import (
	"context"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/bootstrap/transport"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// carryImages brings a host that is reached by SSH the images it needs of the
// bundle, if there is one. Local machines share a store that has them already.
func (t *Turnup) carryImages(ctx context.Context, machine transport.Transport, r bootstrap.Rendered, step *ui.Step) error {
	dir := t.Config.Bootstrap.Bundle
	if dir == "" || r.Machine.Transport.SSH == nil {
		return nil
	}
	bundle, err := images.Open(dir)
	if err != nil {
		return ui.Hint(err, wholeBundle)
	}
	if err := bootstrap.EnsureRuntime(ctx, machine, r); err != nil {
		return err
	}
	list := bootstrap.Needed(config.Images(t.Config), bundle, r.Machine.Role)
	return bootstrap.Import(ctx, machine, r.Machine, bundle, list, func(what string) { step.See("carry " + what) })
}
