package home

import (
	"fmt"

	"turnup.dev/kubectl-turnup/internal/config"
)

// fixedInCloud are the settings of a cloud that what exists was made with: a
// change would replace the network or a control plane. Counts, pools, the types
// and disks of workers and the CIDRs may change: workers that exist stay as they
// are, new ones are as the config says.
func fixedInCloud(platform string) []string {
	at := "provision." + platform + "."
	paths := []string{
		at + "region", at + "zones", at + "arch", at + "image", at + "subnet",
		at + "control_plane_type", at + "control_plane_disk", at + "etcd_disk",
	}
	if platform == "gce" {
		paths = append(paths, at+"project")
	}
	return paths
}

// endpointMoves refuses a change of what kubelets and admins dial. Workers of a
// group joined with that address, and nobody can tell them another one.
func endpointMoves(old, wanted config.Cluster) error {
	before, errBefore := balanced(old)
	after, errAfter := balanced(wanted)
	if errBefore || errAfter || before == after {
		return nil
	}
	if before {
		return fmt.Errorf("provision.%s.load_balancer is true in the cluster %s and cannot become false", old.Provision.Platform, old.Cluster.Name)
	}
	return fmt.Errorf("the cluster %s has no load balancer and cannot get one: not by provision.%s.load_balancer, and so no more control planes",
		old.Cluster.Name, old.Provision.Platform)
}

// balanced says whether a load balancer is before the API server on a cloud;
// elsewhere that is none of ours.
func balanced(cfg config.Cluster) (is, elsewhere bool) {
	cloud, ok := config.CloudOf(cfg)
	return cloud.LoadBalancer || cfg.Provision.ControlPlanes > 1, !ok
}
