package tree

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"strconv"
	"time"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// Values writes addons/cluster/values.yaml: the ConfigMap from which the
// addons' kustomize replacements read.
func Values(cfg config.Cluster, file machines.File) ([]byte, error) {
	host, port, err := net.SplitHostPort(file.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("read endpoint %q: %w", file.Endpoint, err)
	}
	set := config.Images(cfg)
	cloudConfig, err := cloudConfig(cfg, file)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString(`# Generated from the cluster config by kubectl turnup: edit the config instead.
# Never applied: the addons' replacements read it.
apiVersion: v1
kind: ConfigMap
metadata:
  name: cluster-values
  annotations:
    config.kubernetes.io/local-config: "true"
data:
`)
	for _, v := range [][2]string{
		{"cluster_name", cfg.Cluster.Name},
		{"api_host", host},
		{"api_port", port},
		{"pod_cidr", cfg.Network.PodCIDR},
		{"service_cidr", cfg.Network.ServiceCIDR},
		{"dns_service_ip", config.DNSServiceIP(cfg).String()},
		{"domain", cfg.Network.Domain},
		{"proxy_mode", cfg.Network.ProxyMode},
		{"feature_gates", cfg.Bootstrap.FeatureGates},
		{"conntrack_per_core", strconv.Itoa(conntrack(cfg, 32768))},
		{"conntrack_min", strconv.Itoa(conntrack(cfg, 131072))},
		{"network_provider", cfg.Network.Provider},
		{"network_mtu", strconv.Itoa(cfg.Network.MTU)},
		{"network_vxlan_mtu", strconv.Itoa(vxlanMTU(cfg))},
		{"flannel_backend", flannelBackend(cfg)},
		{"image_kube_proxy", set.Ref(images.KubeProxy)},
		{"image_flannel", set.Ref(images.Flannel)},
		{"image_flannel_cni_plugin", set.Ref(images.FlannelCNIPlugin)},
		{"image_bridge_network", set.Ref(images.BridgeNetwork)},
		{"image_calico_node", set.Ref(images.CalicoNode)},
		{"image_calico_cni", set.Ref(images.CalicoCNI)},
		{"image_calico_kube_controllers", set.Ref(images.CalicoKubeControllers)},
		{"image_cilium", set.Ref(images.Cilium)},
		{"image_cilium_operator", set.Ref(images.CiliumOperator)},
		{"image_coredns", set.Ref(images.CoreDNS)},
		{"coredns_ignore", corednsIgnore(cfg)},
		{"image_coredns_autoscaler", set.Ref(images.CoreDNSAutoscaler)},
		{"image_node_local_dns", set.Ref(images.NodeLocalDNS)},
		{"image_metrics_server", set.Ref(images.MetricsServer)},
		{"image_local_path", set.Ref(images.LocalPath)},
		{"image_busybox", set.Ref(images.Busybox)},
		{"image_headlamp", set.Ref(images.Headlamp)},
		{"image_aws_cloud_controller", set.Ref(images.AWSCloudController)},
		{"image_aws_ebs_csi", set.Ref(images.AWSEBSCSI)},
		{"image_gce_cloud_controller", set.Ref(images.GCECloudController)},
		{"image_gce_pd_csi", set.Ref(images.GCEPDCSI)},
		{"image_azure_cloud_controller", set.Ref(images.AzureCloudController)},
		{"image_azure_disk_csi", set.Ref(images.AzureDiskCSI)},
		{"image_csi_provisioner", set.Ref(images.CSIProvisioner)},
		{"image_csi_attacher", set.Ref(images.CSIAttacher)},
		{"image_csi_resizer", set.Ref(images.CSIResizer)},
		{"image_csi_snapshotter", set.Ref(images.CSISnapshotter)},
		{"image_snapshot_controller", set.Ref(images.SnapshotController)},
		{"disk_driver", cloudAddons[cfg.Provision.Platform].driver},
		{"image_csi_node_driver_registrar", set.Ref(images.CSINodeDriverRegistrar)},
		{"image_csi_liveness_probe", set.Ref(images.CSILivenessProbe)},
		{"cloud_config", cloudConfig},
		{"image_fluentd", set.Ref(fluentdVariant(cfg))},
		{"log_output", cmp.Or(cfg.Addons.Logs.Output, "stdout")},
		{"log_host", cfg.Addons.Logs.Host},
		{"log_port", strconv.Itoa(cfg.Addons.Logs.Port)},
		{"log_tls", strconv.FormatBool(cfg.Addons.Logs.TLS)},
		{"log_bucket", cfg.Addons.Logs.Bucket},
		{"log_region", cfg.Addons.Logs.Region},
		{"log_endpoint", cfg.Addons.Logs.Endpoint},
		{"log_buffer", strconv.Itoa(max(16, cfg.Addons.Logs.Buffer))},
		{"image_addon_manager", set.Ref(images.AddonManager)},
		{"addon_manager_interval", ManagerInterval(cfg).String()},
		{"addon_manager_replicas", strconv.Itoa(ManagerReplicas(file))},
	} {
		fmt.Fprintf(&out, "  %s: %s\n", v[0], strconv.Quote(v[1]))
	}
	return out.Bytes(), nil
}

// conntrack is a limit of the kernel's table of connections, kube-proxy's own
// default; 0 where machines are containers, or may be: their kernel is their
// host's, and kube-proxy ends when it may not write there.
func conntrack(cfg config.Cluster, limit int) int {
	if _, cloud := config.CloudOf(cfg); !cloud {
		return 0
	}
	return limit
}

// corednsIgnore are the fields of CoreDNS's Deployment that are not the tree's.
func corednsIgnore(cfg config.Cluster) string {
	if cfg.Addons.CoreDNSAutoscaler {
		return "spec.replicas"
	}
	return ""
}

// vxlanMTU is what VXLAN over IPv4 leaves of a packet between the machines: it
// adds 50 bytes (RFC 7348, section 5). 0 stands for what the interface says.
func vxlanMTU(cfg config.Cluster) int {
	if cfg.Network.MTU == 0 {
		return 0
	}
	return max(cfg.Network.MTU-50, 0)
}

// flannelBackend is the part of flannel's net-conf.json that says how packets
// travel. Without an MTU flannel asks the interface; 0 would be one.
func flannelBackend(cfg config.Cluster) string {
	switch {
	case cfg.Network.Flannel.Backend == "host_gw":
		return `{"Type": "host-gw"}`
	case cfg.Network.MTU != 0:
		return fmt.Sprintf(`{"Type": "vxlan", "MTU": %d}`, cfg.Network.MTU)
	}
	return `{"Type": "vxlan"}`
}

// ManagerInterval is the time between two passes of the addon manager over everything.
func ManagerInterval(cfg config.Cluster) time.Duration {
	return time.Duration(cfg.Addons.Interval) * time.Second
}

// ManagerReplicas is how many addon managers run: with more than one control
// plane, a second one stands by.
func ManagerReplicas(file machines.File) int {
	return min(2, max(1, len(file.WithRole(machines.ControlPlane))))
}
