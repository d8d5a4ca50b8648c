package bootstrap

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// The control plane's parts run as users of their own, each able to read its
// own keys only. The numbers are ours; no such users need to exist.
const (
	uidEtcd              = 65510
	uidAPIServer         = 65511
	uidControllerManager = 65512
	uidScheduler         = 65513
	uidLoadBalancer      = 65514
)

// inputs is all that a template may say. A platform differs from another only
// in the values here, never in a template.
type inputs struct {
	Cluster      string
	Name         string
	Address      string
	ControlPlane bool
	Worker       bool
	NodeLabels   string
	Taints       []taint
	// Cloud is aws, gce, azure or none; Group is that of a machine which finds
	// out its name and address when it boots. Identify: it asks its cloud, or
	// itself, for what is not known here.
	Cloud, Group string
	Identify     bool
	// Flatcar says by Ignition what Deliver finds out on other hosts.
	Flatcar bool
	// Small: the config is user-data, for which there is little room.
	Small bool
	// Docker: the kubelet is a container of Docker, not of containerd's own.
	Docker bool
	// SharedDisk: the machine's disk is shared with others (a container's).
	SharedDisk        bool
	KubeletKubeconfig string

	Domain       string
	DNSServiceIP string
	ServiceCIDR  string
	PodCIDR      string

	EtcdDevice  string
	APIPort     string
	Etcd        EtcdStart
	LeaderElect bool
	// Backends are the API servers that a load balancer has behind it.
	Backends []backend

	// Proxy is the environment of who pulls images, NAME=VALUE each.
	Proxy []string

	// FeatureGates is bootstrap.feature_gates, as flags take it.
	FeatureGates string

	Encryption    bool
	EncryptionKey string
	Audit         bool

	// FilesHash changes with the keys and configs of one component: its pod is
	// made anew when they are, a renewed certificate for instance.
	FilesHash string

	EtcdUID, APIServerUID, ControllerManagerUID, SchedulerUID, LoadBalancerUID int

	PauseImage, EtcdImage, APIServerImage, ControllerManagerImage, SchedulerImage, KubeletImage, RuntimeImage, DockerImage, LoadBalancerImage string
}

func newInputs(cfg config.Cluster, file machines.File, p *pki.PKI, starts EtcdStarts, m machines.Machine) (inputs, error) {
	_, port, err := net.SplitHostPort(file.Endpoint)
	if err != nil {
		return inputs{}, fmt.Errorf("read endpoint %q: %w", file.Endpoint, err)
	}
	planes := file.WithRole(machines.ControlPlane)
	set := config.Images(cfg)
	in := inputs{
		Cluster:           cfg.Cluster.Name,
		Name:              m.Name,
		Address:           m.Address,
		ControlPlane:      m.Role == machines.ControlPlane,
		Worker:            m.Role == machines.Worker,
		NodeLabels:        nodeLabels(m),
		Taints:            taints(m),
		Cloud:             "none",
		Docker:            cfg.Bootstrap.ContainerRuntime == "docker" && m.Role != machines.LoadBalancer,
		EtcdDevice:        m.EtcdDevice,
		SharedDisk:        cfg.Provision.Platform == "local",
		KubeletKubeconfig: "/var/lib/kubelet/kubeconfig",

		Domain:       cfg.Network.Domain,
		DNSServiceIP: config.DNSServiceIP(cfg).String(),
		ServiceCIDR:  cfg.Network.ServiceCIDR,
		PodCIDR:      cfg.Network.PodCIDR,

		APIPort:       port,
		Etcd:          starts.of(m, planes),
		LeaderElect:   len(planes) > 1,
		Backends:      backends(planes, port),
		Proxy:         proxyEnvironment(cfg, file),
		FeatureGates:  cfg.Bootstrap.FeatureGates,
		Encryption:    cfg.Bootstrap.Encryption,
		EncryptionKey: p.EncryptionKey,
		Audit:         cfg.Bootstrap.Audit,

		EtcdUID: uidEtcd, APIServerUID: uidAPIServer,
		ControllerManagerUID: uidControllerManager, SchedulerUID: uidScheduler, LoadBalancerUID: uidLoadBalancer,

		PauseImage:             set.Ref(images.Pause),
		EtcdImage:              set.Ref(images.Etcd),
		APIServerImage:         set.Ref(images.KubeAPIServer),
		ControllerManagerImage: set.Ref(images.KubeControllerManager),
		SchedulerImage:         set.Ref(images.KubeScheduler),
		KubeletImage:           set.Ref(images.Kubelet),
		RuntimeImage:           set.Ref(images.ContainerRuntime),
		DockerImage:            set.Ref(images.DockerRuntime),
		LoadBalancerImage:      set.Ref(images.LoadBalancer),
	}
	if cloud, ok := config.CloudOf(cfg); ok {
		in.Cloud, in.Identify = cfg.Provision.Platform, true
		in.Flatcar = cloud.Image == "flatcar"
	}
	if in.ControlPlane {
		in.KubeletKubeconfig = "/etc/kubernetes/kubelet.conf"
	}
	return in, nil
}

// gate is a feature of Kubernetes that is switched on or off.
type gate struct{ Name, On string }

// Gates are the feature gates one by one, as a file takes them: the last one of a
// name counts, as it does for flags.
func (in inputs) Gates() []gate {
	var all []gate
	for one := range strings.SplitSeq(in.FeatureGates, ",") {
		name, on, ok := strings.Cut(one, "=")
		if !ok {
			continue
		}
		all = slices.DeleteFunc(all, func(earlier gate) bool { return earlier.Name == name })
		all = append(all, gate{name, on})
	}
	return all
}
