package tree

import (
	"encoding/json"
	"fmt"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// cloudConfig is the file that a cloud's controller and CSI driver read: the names
// that the Terraform module gives to what they use. No secret is in it, since they
// act as the machines they run on. AWS has none: there all is found by tags.
func cloudConfig(cfg config.Cluster, file machines.File) (string, error) {
	switch cfg.Provision.Platform {
	case "gce":
		return googleConfig(cfg), nil
	case "azure":
		return azureConfig(cfg, file)
	}
	return "", nil
}

// googleConfig leaves out the project and the zone: the metadata service tells.
// https://github.com/kubernetes/cloud-provider-gcp, providers/gce/gce.go
func googleConfig(cfg config.Cluster) string {
	name := cfg.Cluster.Name
	return fmt.Sprintf("[global]\nnetwork-name = %s\nsubnetwork-name = %s\nnode-tags = %s\nnode-instance-prefix = %s-\nmultizone = true\n",
		name, name, name, name)
}

// azureConfig: https://cloud-provider-azure.sigs.k8s.io/install/configs/
func azureConfig(cfg config.Cluster, file machines.File) (string, error) {
	name := cfg.Cluster.Name
	for _, key := range []string{"subscription", "tenant", "identity"} {
		if file.Cloud[key] == "" && (cfg.Addons.CloudController || cfg.Addons.CloudDisks) {
			return "", ui.Hint(fmt.Errorf("the machines file does not say cloud.%s, which Azure's controllers need", key),
				"`kubectl turnup provision %s` writes it", name)
		}
	}
	data, err := json.Marshal(map[string]any{
		"cloud":          "AzurePublicCloud",
		"subscriptionId": file.Cloud["subscription"],
		"tenantId":       file.Cloud["tenant"],
		"location":       cfg.Provision.Azure.Region,

		"useManagedIdentityExtension": true,
		"userAssignedIdentityID":      file.Cloud["identity"],

		"resourceGroup":     "turnup-" + name,
		"vnetName":          name,
		"subnetName":        "workers",
		"securityGroupName": name + "-workers",
		"vmType":            "vmss", // and control planes, which are in no scale set
		"loadBalancerSku":   "standard",

		// Control planes are behind a load balancer of their own, and take no traffic of Services.
		"excludeMasterFromStandardLB": true,
		// Workers go out by a rule of the module's, on the same load balancer.
		"disableOutboundSNAT": true,
	})
	return string(data), err
}
