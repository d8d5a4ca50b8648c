package terraform

import (
	"encoding/json"
	"fmt"

	"turnup.dev/kubectl-turnup/internal/config"
)

// Inputs are the variables of a module that the config does not know.
type Inputs struct {
	// Image is the machine image of the platform local: an ID, so that Docker has
	// nothing to pull, or a reference.
	Image string
	// Store is the Docker volume of the image store; "" for machines that pull.
	Store string
	// MTU of the machines' network; 0 is Docker's default.
	MTU int
	// ControlPlaneMemory and WorkerMemory limit each machine, in MiB; 0 does not.
	ControlPlaneMemory int
	WorkerMemory       int

	// LoadBalancer keeps the load balancer of a cluster on the platform local that
	// has one, and one control plane now: its address is in every kubeconfig.
	LoadBalancer bool

	// SSHPublicKey lets turnup log in to the control planes on a cloud: one line
	// as in authorized_keys.
	SSHPublicKey string
	// UserData is what the workers of each pool on a cloud boot with, by the
	// pool's name.
	UserData map[string]string
}

// Vars are the variables of the cluster's module: the content of terraform.tfvars.json.
// Optional ones that say nothing are left out, so that the module's defaults hold.
func Vars(cfg config.Cluster, in Inputs) (map[string]any, error) {
	if cloud, ok := config.CloudOf(cfg); ok {
		return cloudVars(cfg, cloud, in)
	}
	if cfg.Provision.Platform == "local" {
		return localVars(cfg, in), nil
	}
	return nil, noModule(cfg.Provision.Platform)
}

func noModule(platform string) error {
	return fmt.Errorf("provision.platform: there is no Terraform module for %q", platform)
}

func localVars(cfg config.Cluster, in Inputs) map[string]any {
	vars := map[string]any{
		"cluster_name":   cfg.Cluster.Name,
		"control_planes": cfg.Provision.ControlPlanes,
		"workers":        cfg.Provision.Workers,
		"subnet":         cfg.Provision.Local.Subnet,
		"image":          in.Image,
	}
	if in.Store != "" {
		vars["image_store"] = in.Store
	}
	if in.LoadBalancer || cfg.Provision.ControlPlanes > 1 {
		vars["load_balancer"] = true
	}
	for name, value := range map[string]int{
		"mtu": in.MTU, "control_plane_memory": in.ControlPlaneMemory, "worker_memory": in.WorkerMemory,
	} {
		if value != 0 {
			vars[name] = value
		}
	}
	return vars
}

// encode writes variables as people read them: one per line, sorted.
func encode(vars map[string]any) ([]byte, error) {
	data, err := json.MarshalIndent(vars, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}
