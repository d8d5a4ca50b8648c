package turnup

import (
	"fmt"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Reachable refuses a cloud whose firewall keeps this computer out: control
// planes boot without any key, and get theirs over SSH.
func Reachable(cfg config.Cluster) error {
	cloud, ok := config.CloudOf(cfg)
	if !ok {
		return nil
	}
	at := "provision." + cfg.Provision.Platform
	switch {
	case cloud.SSHCIDRs == "":
		return ui.Hint(fmt.Errorf("%s.ssh_cidrs is empty, and control planes get their keys over SSH", at),
			"say where you work from, for instance --set %s.ssh_cidrs=203.0.113.7/32; empty it afterwards and run provision, and the port is closed again", at)
	case cloud.APICIDRs == "":
		return ui.Hint(fmt.Errorf("%s.api_cidrs is empty, so nobody reaches the API server from here", at),
			"say where you work from, for instance --set %s.api_cidrs=203.0.113.7/32", at)
	}
	return nil
}
