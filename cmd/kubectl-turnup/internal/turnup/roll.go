package turnup

import (
	"context"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// roll brings control planes and load balancers to what was rendered for them, and
// returns those that changed. Where there are several API servers, and one of them
// answers (heard is not empty), they change one after the other, each when the one
// before serves again: clients always find one.
func (p *controlPlane) roll(ctx context.Context, rendered []bootstrap.Rendered, heard bootstrap.Heartbeats) ([]machines.Machine, error) {
	if len(heard) == 0 || len(p.machines.WithRole(machines.ControlPlane)) == 1 {
		return p.turnup.deliverAndStart(ctx, rendered)
	}
	var all []machines.Machine
	for i := range rendered {
		one := rendered[i : i+1]
		changed, err := p.turnup.deliverAndStart(ctx, one)
		if err != nil {
			return nil, err
		}
		all = append(all, changed...)
		if pods := restarted(one, changed, heard); len(pods) > 0 {
			if err := p.serves(ctx, one[0].Machine, pods); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// serves waits until the static pods of a control plane run as rendered.
func (p *controlPlane) serves(ctx context.Context, m machines.Machine, pods map[string]string) error {
	return p.turnup.step(ctx, "change the control plane of "+m.Name, bootstrap.APIBudget, func(ctx context.Context, step *ui.Step) error {
		err := p.turnup.unlessCrashing(ctx, []machines.Machine{m}, func(ctx context.Context) error {
			return p.AwaitPods(ctx, pods, step.See)
		})
		return p.turnup.explain(ctx, err, p.machines, machines.ControlPlane)
	})
}

// deliverAndStart carries the configs to their machines, all at once, starts the
// units of those that changed, and returns these.
func (t *Turnup) deliverAndStart(ctx context.Context, rendered []bootstrap.Rendered) ([]machines.Machine, error) {
	changed, err := t.deliver(ctx, rendered)
	if err != nil {
		return nil, err
	}
	return changed, t.start(ctx, changed)
}
