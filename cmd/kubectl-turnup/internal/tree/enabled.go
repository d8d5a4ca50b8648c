package tree

import (
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
)

// Enabled lists the addons that a config asks for, as directories of the tree:
// those that a new tree starts with. What does not apply on the config's
// platform is not among them.
func Enabled(cfg config.Cluster) []string {
	var names []string
	add := func(is bool, name string) {
		if is {
			names = append(names, name)
		}
	}
	own := cfg.Provision.Platform == "local" || cfg.Provision.Platform == "baremetal"

	add(cfg.Network.Provider != "none", cfg.Network.Provider)
	add(cfg.Addons.KubeProxy, "kube-proxy")
	add(cfg.Addons.CoreDNS, "coredns")
	add(cfg.Addons.CoreDNS && cfg.Addons.CoreDNSAutoscaler, "coredns-autoscaler")
	add(cfg.Addons.CoreDNS && cfg.Addons.NodeLocalDNS, "node-local-dns")
	add(cfg.Addons.MetricsServer, "metrics-server")
	add(cfg.Addons.LocalPath && own, "local-path")
	if parts, ok := cloudAddons[cfg.Provision.Platform]; ok {
		add(cfg.Addons.CloudController, parts.controller)
		add(cfg.Addons.CloudDisks, parts.disks)
		add(cfg.Addons.CloudDisks && cfg.Addons.Snapshots, "snapshots")
	}
	add(cfg.Addons.Fluentd, "fluentd")
	add(cfg.Addons.Headlamp, "headlamp")
	return append(names, object.Manager)
}

// cloudAddons are the addons that talk to a cloud, by platform, and the name by
// which the API knows the driver of its disks.
var cloudAddons = map[string]struct{ controller, disks, driver string }{
	"aws":   {"aws-cloud-controller", "aws-ebs-csi", "ebs.csi.aws.com"},
	"gce":   {"gce-cloud-controller", "gce-pd-csi", "pd.csi.storage.gke.io"},
	"azure": {"azure-cloud-controller", "azure-disk-csi", "disk.csi.azure.com"},
}

// Images are those that a cluster with this config runs: no more has to be in its
// bundle.
func Images(cfg config.Cluster) images.Set {
	enabled := Enabled(cfg)
	return config.Images(cfg).Narrow(func(image images.Image) bool {
		if image.Addon == "fluentd" && image.Component != fluentdVariant(cfg) {
			return false
		}
		return image.IsOf(enabled)
	})
}

// fluentdVariant is the image of fluentd that has the plugin of the output.
func fluentdVariant(cfg config.Cluster) images.Component {
	switch cfg.Addons.Logs.Output {
	case "elasticsearch":
		return images.FluentdElasticsearch
	case "opensearch":
		return images.FluentdOpenSearch
	case "s3":
		return images.FluentdS3
	}
	return images.FluentdForward
}
