// Package images knows every image a cluster uses, and reads and writes
// bundles: OCI layouts that hold all of them.
package images

import (
	"slices"
	"strings"
)

// Component is the part of the cluster an image serves.
type Component string

// The components that have an image of their own.
const (
	Pause                 Component = "pause"
	Etcd                  Component = "etcd"
	KubeAPIServer         Component = "kube-apiserver"
	KubeControllerManager Component = "kube-controller-manager"
	KubeScheduler         Component = "kube-scheduler"
	KubeProxy             Component = "kube-proxy"
	Kubelet               Component = "kubelet"
	Flannel               Component = "flannel"
	FlannelCNIPlugin      Component = "flannel-cni-plugin"
	BridgeNetwork         Component = "bridge-network"
	CalicoNode            Component = "calico-node"
	CalicoCNI             Component = "calico-cni"
	CalicoKubeControllers Component = "calico-kube-controllers"
	Cilium                Component = "cilium"
	CiliumOperator        Component = "cilium-operator"
	CoreDNS               Component = "coredns"
	CoreDNSAutoscaler     Component = "coredns-autoscaler"
	NodeLocalDNS          Component = "node-local-dns"
	MetricsServer         Component = "metrics-server"
	LocalPath             Component = "local-path"
	FluentdForward        Component = "fluentd-forward"
	FluentdElasticsearch  Component = "fluentd-elasticsearch"
	FluentdOpenSearch     Component = "fluentd-opensearch"
	FluentdS3             Component = "fluentd-s3"
	Busybox               Component = "busybox"
	Headlamp              Component = "headlamp"
	AWSCloudController    Component = "aws-cloud-controller"
	AWSEBSCSI             Component = "aws-ebs-csi"
	GCECloudController    Component = "gce-cloud-controller"
	GCEPDCSI              Component = "gce-pd-csi"
	AzureCloudController  Component = "azure-cloud-controller"
	AzureDiskCSI          Component = "azure-disk-csi"
	// The parts that CSI drivers of all clouds share.
	CSIProvisioner         Component = "csi-provisioner"
	CSIAttacher            Component = "csi-attacher"
	CSIResizer             Component = "csi-resizer"
	CSISnapshotter         Component = "csi-snapshotter"
	SnapshotController     Component = "snapshot-controller"
	CSINodeDriverRegistrar Component = "csi-node-driver-registrar"
	CSILivenessProbe       Component = "csi-liveness-probe"
	Bootstrap              Component = "bootstrap"
	AddonManager           Component = "addon-manager"
	Machine                Component = "machine"
	LoadBalancer           Component = "loadbalancer"
	// ContainerRuntime is containerd, for hosts that have none that is new enough.
	ContainerRuntime Component = "container-runtime"
	// DockerRuntime is Docker Engine, for machines that are to have it.
	DockerRuntime Component = "docker-runtime"
)

// Runtime is the version of this project's own images (bootstrap, addon-manager,
// machine, loadbalancer, container-runtime, docker-runtime).
const Runtime = "v0.1.0"

// Image is one image of a cluster.
type Image struct {
	Component Component `json:"component"`
	// Ref is the upstream reference, registry and tag included.
	Ref string `json:"ref"`
	// Addon is the addon that the image is for, or several with commas in between;
	// "" is the cluster itself.
	Addon string `json:"addon,omitempty"`
}

// IsOf tells whether the image is for one of some addons.
func (i Image) IsOf(addons []string) bool {
	return slices.ContainsFunc(strings.Split(i.Addon, ","), func(addon string) bool { return slices.Contains(addons, addon) })
}

// csi are the addons with the parts that all CSI drivers have.
const csi = "aws-ebs-csi,gce-pd-csi,azure-disk-csi"

// Own is the repository prefix of the images this project publishes.
const Own = "ghcr.io/kubectl-turnup/"

// fluentd is the image with the plugins that all variants have; each adds those
// of an output.
const fluentd = "docker.io/fluent/fluentd-kubernetes-daemonset:v1.19.1-debian"

// Set is the images of one cluster.
type Set struct {
	list []Image
	// some are images that only some clusters need.
	some []Image
}

// For returns the images of a Kubernetes minor, those of all addons among them.
// A registry other than "" replaces the registry host of every reference (a mirror).
func For(minor, registry string) Set {
	version := KubernetesVersion(minor)
	s := Set{list: []Image{
		{Pause, "registry.k8s.io/pause:3.10.1", ""},
		{Etcd, "registry.k8s.io/etcd:3.7.3-0", ""},
		{KubeAPIServer, "registry.k8s.io/kube-apiserver:" + version, ""},
		{KubeControllerManager, "registry.k8s.io/kube-controller-manager:" + version, ""},
		{KubeScheduler, "registry.k8s.io/kube-scheduler:" + version, ""},
		{Kubelet, Own + "kubelet:" + version, ""},
		{Bootstrap, Own + "bootstrap:" + Runtime, ""},
		{AddonManager, Own + "addon-manager:" + Runtime, ""},
		{Machine, Own + "machine:" + Runtime, ""},
		{LoadBalancer, Own + "loadbalancer:" + Runtime, ""},
		{KubeProxy, "registry.k8s.io/kube-proxy:" + version, "kube-proxy"},
		{Flannel, "ghcr.io/flannel-io/flannel:v0.28.4", "flannel"},
		{FlannelCNIPlugin, "ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel1", "flannel"},
		{CoreDNS, "registry.k8s.io/coredns/coredns:v1.15.0", "coredns"},
		{MetricsServer, "registry.k8s.io/metrics-server/metrics-server:v0.9.0", "metrics-server"},
		{LocalPath, "docker.io/rancher/local-path-provisioner:v0.0.30", "local-path"},
		{Busybox, "docker.io/library/busybox:1.37.0", "local-path"},
	}, some: []Image{
		{ContainerRuntime, Own + "container-runtime:" + Runtime, ""},
		{DockerRuntime, Own + "docker-runtime:" + Runtime, ""},
		{BridgeNetwork, Own + "bridge-network:" + Runtime, "bridge"},
		{CalicoNode, "quay.io/calico/node:v3.32.1", "calico"},
		{CalicoCNI, "quay.io/calico/cni:v3.32.1", "calico"},
		{CalicoKubeControllers, "quay.io/calico/kube-controllers:v3.32.1", "calico"},
		{Cilium, "quay.io/cilium/cilium:v1.20.2", "cilium"},
		{CiliumOperator, "quay.io/cilium/operator-generic:v1.20.2", "cilium"},
		{CoreDNSAutoscaler, "registry.k8s.io/cpa/cluster-proportional-autoscaler:v1.10.3", "coredns-autoscaler"},
		{NodeLocalDNS, "registry.k8s.io/dns/k8s-dns-node-cache:1.26.8", "node-local-dns"},
		{Headlamp, "ghcr.io/headlamp-k8s/headlamp:v0.45.0", "headlamp"},
		{AWSCloudController, "registry.k8s.io/provider-aws/cloud-controller-manager:" + byMinor(minor, awsControllers), "aws-cloud-controller"},
		{AWSEBSCSI, "registry.k8s.io/provider-aws/aws-ebs-csi-driver:v1.64.0", "aws-ebs-csi"},
		{GCECloudController, "registry.k8s.io/cloud-provider-gcp/cloud-controller-manager:" + byMinor(minor, gceControllers), "gce-cloud-controller"},
		{GCEPDCSI, "registry.k8s.io/cloud-provider-gcp/gcp-compute-persistent-disk-csi-driver:v1.26.0", "gce-pd-csi"},
		{AzureCloudController, "mcr.microsoft.com/oss/v2/kubernetes/azure-cloud-controller-manager:" + byMinor(minor, azureControllers), "azure-cloud-controller"},
		{AzureDiskCSI, "mcr.microsoft.com/oss/v2/kubernetes-csi/azuredisk-csi:v1.34.5", "azure-disk-csi"},
		{CSIProvisioner, "registry.k8s.io/sig-storage/csi-provisioner:v6.3.0", csi},
		{CSIAttacher, "registry.k8s.io/sig-storage/csi-attacher:v4.12.0", csi},
		{CSIResizer, "registry.k8s.io/sig-storage/csi-resizer:v2.2.1", csi},
		{CSISnapshotter, "registry.k8s.io/sig-storage/csi-snapshotter:v8.6.0", csi},
		{SnapshotController, "registry.k8s.io/sig-storage/snapshot-controller:v8.6.0", "snapshots"},
		{CSINodeDriverRegistrar, "registry.k8s.io/sig-storage/csi-node-driver-registrar:v2.17.0", csi},
		{CSILivenessProbe, "registry.k8s.io/sig-storage/livenessprobe:v2.19.0", csi},
		{FluentdForward, fluentd + "-forward-1.0", "fluentd"},
		{FluentdElasticsearch, fluentd + "-elasticsearch8-1.0", "fluentd"},
		{FluentdOpenSearch, fluentd + "-opensearch-1.0", "fluentd"},
		{FluentdS3, fluentd + "-s3-1.0", "fluentd"},
	}}
	if registry != "" {
		for _, list := range [][]Image{s.list, s.some} {
			for i := range list {
				_, path, _ := strings.Cut(list[i].Ref, "/")
				list[i].Ref = strings.TrimSuffix(registry, "/") + "/" + path
			}
		}
	}
	return s
}

// Narrow cuts the set down to a cluster's addons: Images are then those of every
// cluster, and of the addons that is says yes to; All stays what it was.
func (s Set) Narrow(is func(Image) bool) Set {
	all, some := s.All(), s.some
	s.list = slices.DeleteFunc(slices.Clone(all), func(image Image) bool {
		if image.Addon == "" {
			return slices.Contains(some, image)
		}
		return !is(image)
	})
	s.some = slices.DeleteFunc(all, func(image Image) bool { return slices.Contains(s.list, image) })
	return s
}

// Images lists what every cluster needs, in a stable order.
func (s Set) Images() []Image { return append([]Image(nil), s.list...) }

// All lists the set, and after Images what only some clusters need: hosts without
// a container runtime.
func (s Set) All() []Image { return slices.Concat(s.list, s.some) }

// Ref returns the reference of a component's image; "" for an unknown component.
func (s Set) Ref(c Component) string {
	for _, image := range s.All() {
		if image.Component == c {
			return image.Ref
		}
	}
	return ""
}
