// Package config is the cluster config: the one JSON object that is the input
// of every phase. The Kconfig files describe it; a field's JSON path is the
// dotted name of its symbol.
package config

// Cluster is the whole config as Go sees it. What does not apply, such as the
// settings of another platform, is zero. The zero value is not useful; start
// from Default.
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
	// Platform is local, gce, aws, azure or baremetal.
	Platform      string `json:"platform"`
	ControlPlanes int    `json:"control_planes"`
	Workers       int    `json:"workers"`
	// Pools are further groups of workers on a cloud, as ParsePools reads them.
	Pools string `json:"pools"`
	// Of these, only that of Platform says something.
	Local     Local     `json:"local"`
	GCE       GCE       `json:"gce"`
	AWS       Cloud     `json:"aws"`
	Azure     Cloud     `json:"azure"`
	Baremetal Baremetal `json:"baremetal"`
	State     State     `json:"state"`
}

// State is where Terraform keeps its state.
type State struct {
	// Backend is local, s3, gcs or azurerm; of the rest, what it needs is set.
	Backend string `json:"backend"`
	// Bucket is the name of the bucket, or of the container on Azure.
	Bucket string `json:"bucket"`
	// Prefix is the path in the bucket below which the clusters' states are.
	Prefix         string `json:"prefix"`
	Region         string `json:"region"`
	StorageAccount string `json:"storage_account"`
	ResourceGroup  string `json:"resource_group"`
}

// Local is the platform on which machines are containers on this computer.
type Local struct {
	// Subnet of the Docker network of the machines, an IPv4 prefix of /16 to /24.
	Subnet string `json:"subnet"`
	// ShareImages has the machines use one unpacked copy of a bundle's images.
	ShareImages bool `json:"share_images"`
}

// GCE is Google Compute Engine.
type GCE struct {
	// Project is the project's id; empty is that of the user's credentials.
	Project string `json:"project"`
	Cloud
}

// Cloud is what is said of every platform on which machines are rented.
type Cloud struct {
	Region string `json:"region"`
	// Zones are letters or numbers of zones in the region, separated by commas.
	Zones string `json:"zones"`
	// Arch is amd64 or arm64.
	Arch             string `json:"arch"`
	ControlPlaneType string `json:"control_plane_type"`
	WorkerType       string `json:"worker_type"`
	// ControlPlaneDisk, EtcdDisk and WorkerDisk are sizes in GB.
	ControlPlaneDisk int `json:"control_plane_disk"`
	EtcdDisk         int `json:"etcd_disk"`
	WorkerDisk       int `json:"worker_disk"`
	// Image is ubuntu, debian or flatcar.
	Image string `json:"image"`
	// Subnet of the machines, an IPv4 prefix of /16 to /24.
	Subnet string `json:"subnet"`
	// LoadBalancer is whether one control plane has a load balancer before it;
	// more than one always have.
	LoadBalancer bool `json:"load_balancer"`
	// APICIDRs and SSHCIDRs are IPv4 prefixes, separated by commas.
	APICIDRs string `json:"api_cidrs"`
	SSHCIDRs string `json:"ssh_cidrs"`
}

// Baremetal is the platform of machines that exist already.
type Baremetal struct {
	// MachinesFile is the path of the machines file that the user writes.
	MachinesFile string `json:"machines_file"`
	SSHUser      string `json:"ssh_user"`
	SSHPort      int    `json:"ssh_port"`
}

// Bootstrap says how a machine becomes a node.
type Bootstrap struct {
	// KubernetesVersion is a minor release, such as "1.37".
	KubernetesVersion string `json:"kubernetes_version"`
	// ContainerRuntime is containerd or docker.
	ContainerRuntime string `json:"container_runtime"`
	// Registry replaces the registry host of every image; empty keeps upstream's.
	Registry string `json:"registry"`
	// ImageOverrides are references of single components, COMPONENT=REFERENCE
	// separated by commas; Images has the result.
	ImageOverrides string `json:"image_overrides"`
	// Bundle is the directory of an OCI layout that holds every image; empty pulls.
	Bundle string `json:"bundle"`
	// Audit writes an audit log on the control planes.
	Audit bool `json:"audit"`
	// Encryption encrypts Secrets at rest.
	Encryption bool `json:"encryption"`
	// ExtraSANs are further names and addresses in the API server's certificate,
	// separated by commas.
	ExtraSANs string `json:"extra_sans"`
	// FeatureGates are NAME=true and NAME=false, separated by commas.
	FeatureGates string `json:"feature_gates"`
	Proxy        Proxy  `json:"proxy"`
}

// Proxy is how machines reach the world outside.
type Proxy struct {
	// HTTP and HTTPS are URLs; empty is no proxy.
	HTTP  string `json:"http"`
	HTTPS string `json:"https"`
	// Exceptions are names, domains and prefixes, separated by commas.
	Exceptions string `json:"exceptions"`
}

// Network is the cluster's network plan.
type Network struct {
	// Provider names the addon that connects pods.
	Provider string  `json:"provider"`
	Flannel  Flannel `json:"flannel"`
	// MTU is that of the network between the machines, in bytes; 0 asks the interface.
	MTU         int    `json:"mtu"`
	PodCIDR     string `json:"pod_cidr"`
	ServiceCIDR string `json:"service_cidr"`
	Domain      string `json:"domain"`
	// ProxyMode is kube-proxy's: iptables or nftables.
	ProxyMode string `json:"proxy_mode"`
}

// Flannel is how the network provider flannel works.
type Flannel struct {
	// Backend is vxlan or host_gw.
	Backend string `json:"backend"`
}

// Addons says which addons the cluster starts with and where they come from.
type Addons struct {
	// Source is where the addon manager takes the tree from: push or git.
	Source string `json:"source"`
	// Path is the addon tree, relative to the directory the command runs in.
	Path string `json:"path"`
	// Interval is the seconds between two full reconciles.
	Interval int `json:"interval"`
	// PruneBudget is the percentage of all owned objects that one revision may
	// delete without an approval.
	PruneBudget int  `json:"prune_budget"`
	Git         Git  `json:"git"`
	KubeProxy   bool `json:"kube_proxy"`
	CoreDNS     bool `json:"coredns"`
	// MetricsServer tells what nodes and pods use.
	MetricsServer bool `json:"metrics_server"`
	// LocalPath makes volumes of the machines' own disks; on local and baremetal.
	LocalPath bool `json:"local_path"`
	// CloudController makes load balancers for Services, and CloudDisks volumes
	// for pods; on a cloud.
	CloudController bool `json:"cloud_controller"`
	CloudDisks      bool `json:"cloud_disks"`
	// Snapshots makes snapshots of such volumes.
	Snapshots bool `json:"snapshots"`
	// Fluentd sends logs where Logs says.
	Fluentd bool `json:"fluentd"`
	Logs    Logs `json:"logs"`
	// CoreDNSAutoscaler gives CoreDNS as many replicas as the cluster is large.
	CoreDNSAutoscaler bool `json:"coredns_autoscaler"`
	// NodeLocalDNS is a DNS cache on each machine.
	NodeLocalDNS bool `json:"node_local_dns"`
	// Headlamp is a dashboard.
	Headlamp bool `json:"headlamp"`
}

// Logs is where fluentd sends the logs of the machines.
type Logs struct {
	// Output is stdout, forward, elasticsearch, opensearch or s3.
	Output string `json:"output"`
	Host   string `json:"host"`
	Port   int    `json:"port"`
	TLS    bool   `json:"tls"`
	Bucket string `json:"bucket"`
	Region string `json:"region"`
	// Endpoint is the URL of what is compatible with S3; empty is S3 itself.
	Endpoint string `json:"endpoint"`
	// Buffer is how much a machine may hold back, in MiB.
	Buffer int `json:"buffer"`
}

// Git is the repository that the addon tree comes from if Source is git.
type Git struct {
	URL string `json:"url"`
	// Of Branch, Tag and Commit the last that is not empty counts.
	Branch string `json:"branch"`
	Tag    string `json:"tag"`
	Commit string `json:"commit"`
	// Path is the addon tree's directory in the repository.
	Path string `json:"path"`
	// Interval is the seconds between two looks at the repository.
	Interval int `json:"interval"`
	// Proxy is the URL of the proxy to the repository, or empty.
	Proxy string `json:"proxy"`
	// The files are on this computer; create puts them into a Secret.
	TokenFile      string `json:"token_file"`
	CAFile         string `json:"ca_file"`
	IdentityFile   string `json:"identity_file"`
	KnownHostsFile string `json:"known_hosts_file"`
	// Verification is none, ssh or openpgp.
	Verification string `json:"verification"`
	// SignersFile holds the public keys whose commits count.
	SignersFile string `json:"signers_file"`
}
