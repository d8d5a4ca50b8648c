package terraform

import (
	"fmt"
	"strings"

	"turnup.dev/kubectl-turnup/internal/config"
)

// cloudVars are the same variables for every cloud: their modules differ in
// resources, not in what they are asked for.
func cloudVars(cfg config.Cluster, cloud config.Cloud, in Inputs) (map[string]any, error) {
	pools, err := poolVars(cfg, in.UserData)
	if err != nil {
		return nil, err
	}
	vars := map[string]any{
		"cluster_name":       cfg.Cluster.Name,
		"region":             cloud.Region,
		"zones":              zones(cfg.Provision.Platform, cloud),
		"arch":               cloud.Arch,
		"image":              cloud.Image,
		"control_planes":     cfg.Provision.ControlPlanes,
		"control_plane_type": cloud.ControlPlaneType,
		"control_plane_disk": cloud.ControlPlaneDisk,
		"etcd_disk":          cloud.EtcdDisk,
		// The config asks only where there is one control plane to ask about.
		"load_balancer":  cloud.LoadBalancer || cfg.Provision.ControlPlanes > 1,
		"subnet":         cloud.Subnet,
		"pod_cidr":       cfg.Network.PodCIDR,
		"api_cidrs":      list(cloud.APICIDRs),
		"ssh_cidrs":      list(cloud.SSHCIDRs),
		"ssh_public_key": in.SSHPublicKey,
		"pools":          pools,
	}
	if project := cfg.Provision.GCE.Project; cfg.Provision.Platform == "gce" && project != "" {
		vars["project"] = project
	}
	return vars, nil
}

// pool is an element of the variable pools.
type pool struct {
	Count    int               `json:"count"`
	Type     string            `json:"type"`
	Disk     int               `json:"disk"`
	Spot     bool              `json:"spot"`
	Labels   map[string]string `json:"labels"`
	Taints   []string          `json:"taints"`
	UserData string            `json:"user_data"`
}

func poolVars(cfg config.Cluster, userData map[string]string) (map[string]pool, error) {
	list, err := config.WorkerPools(cfg)
	if err != nil {
		return nil, err
	}
	pools := map[string]pool{}
	for _, p := range list {
		one := pool{
			Count: p.Count, Type: p.Type, Disk: p.Disk, Spot: p.Spot,
			Labels: p.Labels, Taints: p.Taints, UserData: userData[p.Name],
		}
		// Terraform tells null from empty.
		if one.Labels == nil {
			one.Labels = map[string]string{}
		}
		if one.Taints == nil {
			one.Taints = []string{}
		}
		pools[p.Name] = one
	}
	return pools, nil
}

// zones are the full names of the config's zones: it has the last part only.
func zones(platform string, cloud config.Cloud) []string {
	full := map[string]string{
		"aws":   cloud.Region + "%s",  // us-east-1a
		"gce":   cloud.Region + "-%s", // us-central1-b
		"azure": "%s",                 // 1
	}[platform]
	names := list(cloud.Zones)
	for i, zone := range names {
		names[i] = fmt.Sprintf(full, zone)
	}
	return names
}

// list splits a text at its commas; an empty one has no parts.
func list(text string) []string {
	parts := []string{}
	for part := range strings.SplitSeq(text, ",") {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
