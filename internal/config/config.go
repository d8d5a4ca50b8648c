// Package config is the cluster config: the one JSON object that is the input
// of every phase. A field's JSON path is the dotted name of its symbol.
package config

// Cluster is the whole config. The zero value is not useful; start from Default.
type Cluster struct {
	Cluster   Identity  `json:"cluster"`
	Provision Provision `json:"provision"`
	Bootstrap Bootstrap `json:"bootstrap"`
	Network   Network   `json:"network"`
	Addons    Addons    `json:"addons"`
}

// Identity names the cluster.
type Identity struct {
	// Name is part of every machine's name and of the kubeconfig context: a DNS
	// label of at most 30 characters.
	Name string `json:"name"`
}

// Provision says where machines come from and how many there are.
type Provision struct {
	Platform string `json:"platform"`
	// ControlPlanes is the number of control-plane machines (1 today).
	ControlPlanes int   `json:"control_planes"`
	Workers       int   `json:"workers"`
	Local         Local `json:"local"`
}

// Local is the platform on which machines are containers on this computer.
type Local struct {
	// Subnet of the Docker network of the machines, an IPv4 prefix of /16 to /24.
	Subnet string `json:"subnet"`
}

// Bootstrap says how a machine becomes a node.
type Bootstrap struct {
	// KubernetesVersion is a minor release, such as "1.37".
	KubernetesVersion string `json:"kubernetes_version"`
	ContainerRuntime  string `json:"container_runtime"`
	// Registry replaces the registry host of every image; empty keeps upstream's.
	Registry string `json:"registry"`
	// Bundle is the directory of an OCI layout that holds every image; empty pulls.
	Bundle string `json:"bundle"`
	// Audit writes an audit log on the control planes.
	Audit bool `json:"audit"`
	// Encryption encrypts Secrets at rest.
	Encryption bool `json:"encryption"`
	// ExtraSANs are further names and addresses in the API server's certificate,
	// separated by commas.
	ExtraSANs string `json:"extra_sans"`
}

// Network is the cluster's network plan.
type Network struct {
	// Provider names the addon that connects pods.
	Provider    string `json:"provider"`
	PodCIDR     string `json:"pod_cidr"`
	ServiceCIDR string `json:"service_cidr"`
	Domain      string `json:"domain"`
	// ProxyMode is kube-proxy's: iptables or nftables.
	ProxyMode string `json:"proxy_mode"`
}

// Addons says which addons the cluster starts with and where they come from.
type Addons struct {
	// Source is where the addon manager takes the tree from: push.
	Source string `json:"source"`
	// Path is the addon tree, relative to the config file's directory.
	Path string `json:"path"`
	// Interval is the seconds between two full reconciles.
	Interval  int  `json:"interval"`
	KubeProxy bool `json:"kube_proxy"`
	CoreDNS   bool `json:"coredns"`
}

// Default is the config of someone who configured nothing.
func Default() Cluster {
	return Cluster{
		Cluster:   Identity{Name: "demo"},
		Provision: Provision{Platform: "local", ControlPlanes: 1, Workers: 2, Local: Local{Subnet: "172.30.0.0/24"}},
		Bootstrap: Bootstrap{KubernetesVersion: "1.37", ContainerRuntime: "containerd", Audit: true, Encryption: true},
		Network: Network{
			Provider: "flannel", PodCIDR: "10.244.0.0/16", ServiceCIDR: "10.96.0.0/16",
			Domain: "cluster.local", ProxyMode: "iptables",
		},
		Addons: Addons{Source: "push", Path: "addons", Interval: 60, KubeProxy: true, CoreDNS: true},
	}
}
