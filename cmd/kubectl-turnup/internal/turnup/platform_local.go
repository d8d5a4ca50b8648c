package turnup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/tree"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/terraform"
	"turnup.dev/kubectl-turnup/terraform/local"
)

// localPlatform makes machines of containers on this computer.
type localPlatform struct {
	turnup *Turnup
	docker *local.Docker
	mtu    int
}

func openLocal(ctx context.Context, t *Turnup) (*localPlatform, error) {
	docker, err := local.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &localPlatform{turnup: t, docker: docker}, nil
}

func (p *localPlatform) checks() string         { return "check this computer" }
func (p *localPlatform) env() map[string]string { return p.docker.Env() }
func (p *localPlatform) close() error           { return p.docker.Close() }

func (p *localPlatform) check(ctx context.Context) ([]string, error) {
	report, err := p.docker.Preflight(ctx, p.turnup.Config)
	p.mtu = report.MTU
	return report.Warnings, err
}

// wholeBundle is what to do about a bundle that cannot be used.
const wholeBundle = "--bundle takes the directory of a whole bundle: `kubectl turnup images save` makes one, `images verify` looks at it; without one, images are pulled"

// inputs gives Docker the machine image and unpacks the bundle, if there is one,
// into the store that the machines share. Machines that exist keep the image and
// the store they were made with: another would replace them.
func (p *localPlatform) inputs(ctx context.Context, preview bool) (terraform.Inputs, error) {
	t := p.turnup
	inputs, err := t.lastInputs()
	inputs.MTU = p.mtu
	if err != nil || inputs.Image != "" {
		return inputs, err
	}
	set := tree.Images(t.Config)
	if preview {
		inputs.Image = set.Ref(images.Machine)
		return inputs, nil
	}
	var bundle *images.Bundle
	if dir := t.Config.Bootstrap.Bundle; dir != "" {
		if bundle, err = images.Open(dir); err != nil {
			return inputs, ui.Hint(err, wholeBundle)
		}
	}
	used, err := t.Images()
	if err != nil {
		return inputs, ui.Hint(err, "correct the addon tree, or the config; `kubectl turnup images list` reads them the same way")
	}
	err = t.bounded(ctx, "prepare images", imagesBudget, func(ctx context.Context, step *ui.Step) error {
		if bundle != nil {
			if err := used.within(bundle); err != nil {
				return err
			}
		} else if err := t.pullable(ctx, used); err != nil {
			return err
		}
		inputs.Image, err = p.docker.EnsureMachineImage(ctx, bundle, set.Ref(images.Machine))
		if err != nil || bundle == nil || !t.Config.Provision.Local.ShareImages {
			return err
		}
		store, err := p.docker.EnsureStore(ctx, bundle, set, inputs.Image, step.See)
		if errors.Is(err, local.ErrNoSharing) {
			t.Out.Warnf("each machine imports the images for itself: %v", err)
			return nil
		}
		if err != nil {
			return err
		}
		inputs.Store = store
		return p.expire(ctx, store)
	})
	return inputs, err
}

// expire removes image stores of bundles that came and went: each takes a GB.
func (p *localPlatform) expire(ctx context.Context, store string) error {
	removed, err := p.docker.ExpireStores(ctx, store)
	for _, name := range removed {
		p.turnup.Out.Printf("removed the image store %s: no machine uses it, and there are newer ones", name)
	}
	if err != nil {
		p.turnup.Out.Warnf("%v", err) // room is no reason to make no cluster
	}
	return ctx.Err()
}

// lastInputs reads what the machines were made with; nothing before the first apply.
func (t *Turnup) lastInputs() (terraform.Inputs, error) {
	if _, err := os.Stat(t.Home.Machines()); err != nil {
		return terraform.Inputs{}, nil
	}
	data, err := os.ReadFile(filepath.Join(t.Home.Terraform(), "terraform.tfvars.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return terraform.Inputs{}, nil
	}
	if err != nil {
		return terraform.Inputs{}, fmt.Errorf("read Terraform variables: %w", err)
	}
	var vars struct {
		Image string `json:"image"`
		Store string `json:"image_store"`
		// A load balancer stays with one control plane, too: its address is in
		// every kubeconfig.
		LoadBalancer bool `json:"load_balancer"`
	}
	if err := json.Unmarshal(data, &vars); err != nil {
		return terraform.Inputs{}, fmt.Errorf("read Terraform variables: %w", err)
	}
	return terraform.Inputs{Image: vars.Image, Store: vars.Store, LoadBalancer: vars.LoadBalancer}, nil
}

// clear removes what was made by a run that was killed before Terraform wrote it down.
func (p *localPlatform) clear(ctx context.Context, known map[string]bool, step *ui.Step) error {
	strays, err := p.docker.RemoveStrays(ctx, p.turnup.name(), known)
	for _, stray := range strays {
		step.See("removed " + stray.String())
	}
	return err
}

// plans: where nothing was made yet, nothing can be lost, and containers cost
// nothing: a plan would only take its second.
func (p *localPlatform) plans(ws *terraform.Workspace) bool { return ws.Applied() }

// asks: what is made can be removed again, but not the other way round. A
// machine that an interrupted run left half made has nothing to lose: it was
// never in the machines file, so no phase has touched it.
func (p *localPlatform) asks(changes terraform.Changes) bool {
	file, err := p.turnup.Home.ReadMachines()
	return slices.ContainsFunc(changes.Removed(), func(c terraform.Change) bool {
		_, used := file.Named(c.Key)
		return !c.Tainted || used || err != nil && !errors.Is(err, machines.ErrMissing)
	})
}

func (p *localPlatform) condemn(context.Context, *terraform.Workspace) (*terraform.Proposal, error) {
	return nil, nil
}

// remove has Terraform go first, as it made them; what it cannot remove goes by label.
func (p *localPlatform) remove(ctx context.Context, ws *terraform.Workspace, _ *terraform.Proposal) error {
	t := p.turnup
	return t.bounded(ctx, "remove the machines of "+t.name(), machinesBudget, func(ctx context.Context, step *ui.Step) error {
		if ws != nil {
			ws.Progress = step.See
			if err := ws.Destroy(ctx); err != nil {
				if ctx.Err() != nil {
					return err
				}
				t.Out.Warnf("Terraform could not remove everything, the rest goes by its labels: %v", err)
			}
		}
		removed, err := p.docker.Delete(ctx, t.name())
		if err != nil {
			return err
		}
		for _, object := range removed {
			step.See("removed " + object.String())
		}
		left, err := p.docker.Leftovers(ctx, t.name())
		if err != nil || len(left) == 0 {
			return err
		}
		var names []string
		for _, object := range left {
			names = append(names, object.String())
		}
		return fmt.Errorf("still there: %s", strings.Join(names, ", "))
	})
}

// Purge removes the image stores that no machine uses.
func (t *Turnup) Purge(ctx context.Context) error {
	docker, err := local.Connect(ctx)
	if err != nil {
		return err
	}
	defer docker.Close()
	return t.bounded(ctx, "remove unused image stores", machinesBudget, func(ctx context.Context, step *ui.Step) error {
		removed, err := docker.PruneStores(ctx)
		for _, name := range removed {
			step.See(name)
		}
		return err
	})
}
