package turnup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/terraform"
	"turnup.dev/kubectl-turnup/terraform/local"
)

// The longest that the steps of phase 1 may take.
const (
	preflightBudget = 30 * time.Second
	imagesBudget    = 30 * time.Minute
	machinesBudget  = 10 * time.Minute
)

// Provision is phase 1: machines exist, and machines.json says how to reach them.
func (t *Turnup) Provision(ctx context.Context) error {
	tool, err := terraform.Find(t.Terraform)
	if err != nil {
		return err
	}
	docker, err := local.Connect(ctx)
	if err != nil {
		return err
	}
	defer docker.Close()
	var report local.Report
	err = t.bounded(ctx, "check this computer", preflightBudget, func(ctx context.Context, _ *ui.Step) error {
		tooOld := make(chan error, 1)
		go func() { tooOld <- tool.Check(ctx, t.Home.Dir) }()
		report, err = docker.Preflight(ctx, t.Config)
		if err != nil {
			return err
		}
		return <-tooOld
	})
	if err != nil {
		return err
	}
	for _, warning := range report.Warnings {
		t.Out.Warnf("%s", warning)
	}
	inputs, err := t.prepareImages(ctx, docker)
	if err != nil {
		return err
	}
	inputs.MTU = report.MTU
	return t.makeMachines(ctx, tool, docker, inputs)
}

// wholeBundle is what to do about a bundle that cannot be used.
const wholeBundle = "--bundle takes the directory of a whole bundle, an OCI layout; without one, images are pulled"

// prepareImages gives Docker the machine image and unpacks the bundle, if there
// is one, into the store that the machines share. Machines that exist keep the
// image and the store they were made with: another would replace them.
func (t *Turnup) prepareImages(ctx context.Context, docker *local.Docker) (terraform.Inputs, error) {
	inputs, err := t.lastInputs()
	if err != nil || inputs.Image != "" {
		return inputs, err
	}
	var bundle *images.Bundle
	if dir := t.Config.Bootstrap.Bundle; dir != "" {
		if bundle, err = images.Open(dir); err != nil {
			return inputs, ui.Hint(err, wholeBundle)
		}
	}
	set := images.For(t.Config.Bootstrap.KubernetesVersion, t.Config.Bootstrap.Registry)
	err = t.bounded(ctx, "prepare images", imagesBudget, func(ctx context.Context, step *ui.Step) error {
		if bundle != nil {
			if err := bundle.Require(set); err != nil {
				return ui.Hint(err, wholeBundle)
			}
		}
		inputs.Image, err = docker.EnsureMachineImage(ctx, bundle, set.Ref(images.Machine))
		if err != nil || bundle == nil {
			return err
		}
		inputs.Store, err = docker.EnsureStore(ctx, bundle, set, inputs.Image, step.See)
		return err
	})
	return inputs, err
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
	}
	if err := json.Unmarshal(data, &vars); err != nil {
		return terraform.Inputs{}, fmt.Errorf("read Terraform variables: %w", err)
	}
	return terraform.Inputs{Image: vars.Image, Store: vars.Store}, nil
}

func (t *Turnup) workspace(tool terraform.Tool, docker *local.Docker) *terraform.Workspace {
	return &terraform.Workspace{Dir: t.Home.Terraform(), Tool: tool, Env: docker.Env()}
}

func (t *Turnup) makeMachines(ctx context.Context, tool terraform.Tool, docker *local.Docker, inputs terraform.Inputs) error {
	ws := t.workspace(tool, docker)
	title := fmt.Sprintf("provision %s on %s",
		count(t.Config.Provision.ControlPlanes+t.Config.Provision.Workers, "machine"), t.Config.Provision.Platform)
	return t.bounded(ctx, title, machinesBudget, func(ctx context.Context, step *ui.Step) error {
		known, err := ws.Known(ctx)
		if err != nil {
			return err
		}
		// Made by a run that was killed before Terraform wrote them down.
		strays, err := docker.RemoveStrays(ctx, t.name(), known)
		if err != nil {
			return err
		}
		for _, stray := range strays {
			step.See("removed " + stray.String())
		}
		if err := ws.Prepare(t.Config, inputs); err != nil {
			return err
		}
		ws.Progress = step.See
		file, err := ws.Apply(ctx)
		if err != nil {
			return err
		}
		return writeFile(t.Home.Machines(), file.Encode(), 0o600)
	})
}

// Unprovision removes the machines and all that belongs to them.
func (t *Turnup) Unprovision(ctx context.Context) error {
	docker, err := local.Connect(ctx)
	if err != nil {
		return err
	}
	defer docker.Close()
	err = t.bounded(ctx, "remove the machines of "+t.name(), machinesBudget, func(ctx context.Context, step *ui.Step) error {
		// Terraform first, as it made them; what it cannot remove goes by label.
		if tool, err := terraform.Find(t.Terraform); err != nil {
			t.Out.Warnf("Terraform is not there, so the machines are removed by their labels: %v", err)
		} else {
			ws := t.workspace(tool, docker)
			ws.Progress = step.See
			if err := ws.Destroy(ctx); err != nil {
				if ctx.Err() != nil {
					return err
				}
				t.Out.Warnf("Terraform could not remove everything, the rest goes by its labels: %v", err)
			}
		}
		removed, err := docker.Delete(ctx, t.name())
		if err != nil {
			return err
		}
		for _, object := range removed {
			step.See("removed " + object.String())
		}
		left, err := docker.Leftovers(ctx, t.name())
		if err != nil {
			return err
		}
		if len(left) > 0 {
			var names []string
			for _, object := range left {
				names = append(names, object.String())
			}
			return fmt.Errorf("still there: %s", strings.Join(names, ", "))
		}
		return nil
	})
	return err
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
