package turnup

import (
	"context"
	"fmt"
	"strings"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/terraform"
)

// DryRun plans phase 1 and shows the plan. Nothing is made, not even the
// cluster's directory, and what is there stays as it is.
func (t *Turnup) DryRun(ctx context.Context) (terraform.Changes, error) {
	if t.Config.Provision.Platform == baremetal {
		_, err := t.usersMachines() // nothing is made where machines exist
		return terraform.Changes{}, err
	}
	site, ws, err := t.ready(ctx)
	if err != nil {
		return terraform.Changes{}, err
	}
	defer func() { _ = site.close() }()
	inputs, err := site.inputs(ctx, true)
	if err != nil {
		return terraform.Changes{}, err
	}
	var changes terraform.Changes
	title := fmt.Sprintf("plan %s on %s", t.machineCount(), t.Config.Provision.Platform)
	err = t.bounded(ctx, title, planBudget, func(ctx context.Context, _ *ui.Step) (err error) {
		changes, err = ws.Peek(ctx, t.Config, inputs)
		return err
	})
	return changes, err
}

// Plan is what create would do, in words, out of nothing but the config.
func (t *Turnup) Plan() []string {
	cfg := t.Config
	lines := []string{fmt.Sprintf("provision: %s on %s", t.counted(), t.place())}
	if cfg.Provision.State.Backend != "" {
		lines = append(lines, fmt.Sprintf("state: Terraform's is in %s", terraform.BackendOf(cfg)))
	}
	lines = append(lines,
		fmt.Sprintf("bootstrap: Kubernetes %s with %s, pods in %s, Services in %s",
			cfg.Bootstrap.KubernetesVersion, cfg.Bootstrap.ContainerRuntime, cfg.Network.PodCIDR, cfg.Network.ServiceCIDR),
		fmt.Sprintf("addons: the network %s and the tree %s, by %s", cfg.Network.Provider, cfg.Addons.Path, cfg.Addons.Source))
	return lines
}

// counted says how many machines of which kind there are.
func (t *Turnup) counted() string {
	if t.Config.Provision.Platform == baremetal {
		return "the machines that exist"
	}
	parts := []string{ui.Count(t.Config.Provision.ControlPlanes, "control plane")}
	cloud, rented := config.CloudOf(t.Config)
	if !rented {
		return strings.Join(append(parts, ui.Count(t.Config.Provision.Workers, "worker")), " and ")
	}
	parts[0] += " of type " + cloud.ControlPlaneType
	pools, _ := config.WorkerPools(t.Config) // validated
	for _, pool := range pools {
		spot := ""
		if pool.Spot {
			spot = "spot "
		}
		parts = append(parts, fmt.Sprintf("pool %s of %s of type %s", pool.Name, ui.Count(pool.Count, spot+"machine"), pool.Type))
	}
	return strings.Join(parts, ", ")
}

func (t *Turnup) place() string {
	cloud, rented := config.CloudOf(t.Config)
	if t.Config.Provision.Platform == baremetal {
		return fmt.Sprintf("%s (%s)", baremetal, t.Config.Provision.Baremetal.MachinesFile)
	}
	if !rented {
		return fmt.Sprintf("%s (%s)", t.Config.Provision.Platform, t.Config.Provision.Local.Subnet)
	}
	return fmt.Sprintf("%s (%s, zones %s, %s)", t.Config.Provision.Platform, cloud.Region, cloud.Zones, cloud.Subnet)
}
