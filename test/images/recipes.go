package main

import (
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/internal/images"
)

// minor is the Kubernetes release the images are built for: -kubernetes sets it.
var minor = images.Newest()

// ignition is the version of the module, which the program does not know by itself.
const ignition = "2.24.0"

// docker is the release of Docker: that of github.com/docker/cli, and of the
// github.com/moby/moby/v2 that it was published with.
const docker = "29.8.1"

// recipe says what an image is made of.
type recipe struct {
	Component images.Component
	// Base is a Debian root, or "static": no more than a static binary needs.
	Base string
	// Binaries are Go programs, by their path in the image.
	Binaries map[string]string
	// Tree is a directory of the repository that is laid over the image at Under;
	// every file of it is executable when Executable is set.
	Tree       string
	Under      string
	Executable bool
	// Masked is a file of the repository that lists systemd units to mask.
	Masked     string
	Entrypoint []string
	User       string
	StopSignal string
}

// recipes follow upstream's images in paths, entrypoints and users, so that a
// manifest works with pulled and built images alike.
func recipes() []recipe {
	list := []recipe{
		static(images.Pause, "pause", "/pause", "65535:65535"),
		static(images.Etcd, "etcd", "/usr/local/bin/etcd", ""),
		static(images.KubeAPIServer, "kube-apiserver", "/usr/local/bin/kube-apiserver", ""),
		static(images.KubeControllerManager, "kube-controller-manager", "/usr/local/bin/kube-controller-manager", ""),
		static(images.KubeScheduler, "kube-scheduler", "/usr/local/bin/kube-scheduler", ""),
		static(images.CoreDNS, "coredns", "/coredns", "65532:65532"),
		static(images.MetricsServer, "metrics-server", "/metrics-server", "65534:65534"),
		static(images.LocalPath, "local-path-provisioner", "/usr/bin/local-path-provisioner", ""),
		static(images.AddonManager, "addon-manager", "/addon-manager", "65532:65532"),
		net(images.KubeProxy, "kube-proxy", "/usr/local/bin/kube-proxy"),
		net(images.Kubelet, "kubelet", "/usr/local/bin/kubelet"),
		net(images.Flannel, "flanneld", "/opt/bin/flanneld"),
		net(images.BridgeNetwork, "bridge-network", "/usr/local/bin/bridge-network"),
		net(images.FlannelCNIPlugin, "flannel", "/flannel"),
	}
	standIn := static(fluentdStandIn, "fluentd-stand-in", "/fluentd-stand-in", "")
	list = append(list, standIn)
	bootstrap := net(images.Bootstrap, "ignition", "/usr/local/bin/ignition")
	bootstrap.Entrypoint = nil
	bootstrap.Tree, bootstrap.Under, bootstrap.Executable = "bootstrap/image", "/usr/local/lib/turnup", true
	etcd := slices.IndexFunc(list, func(r recipe) bool { return r.Component == images.Etcd })
	list[etcd].Binaries["/usr/local/bin/etcdctl"] = "etcdctl"
	// What local-path's scripts need of busybox is in every base with a shell.
	busybox := recipe{Component: images.Busybox, Base: "net", Entrypoint: []string{"/bin/sh"}}
	return append(list, bootstrap, busybox, recipe{
		// No user of its own name is needed: bootstrap says which number runs it.
		Component: images.LoadBalancer, Base: "loadbalancer", Entrypoint: []string{"/usr/sbin/haproxy"}, User: "65514:65514",
	}, machine(), recipe{
		Component: images.ContainerRuntime, Base: "net",
		Binaries: withPlugins(map[string]string{
			"/opt/turnup/bin/containerd":              "containerd",
			"/opt/turnup/bin/containerd-shim-runc-v2": "containerd-shim-runc-v2",
			"/opt/turnup/bin/ctr":                     "ctr",
			"/opt/turnup/bin/runc":                    "runc-static", // for whatever libc the host has
		}),
		Tree: "bootstrap/runtime-image", Under: "/usr/local/lib/turnup", Executable: true,
	}, recipe{
		Component: images.DockerRuntime, Base: "net",
		Binaries: map[string]string{"/opt/turnup/bin/dockerd": "dockerd", "/opt/turnup/bin/docker": "docker"},
		Tree:     "bootstrap/docker-image", Under: "/usr/local/lib/turnup", Executable: true,
	})
}

func machine() recipe {
	return recipe{
		Component: images.Machine, Base: "machine",
		Binaries: withPlugins(map[string]string{
			"/usr/local/bin/containerd":              "containerd",
			"/usr/local/bin/containerd-shim-runc-v2": "containerd-shim-runc-v2",
			"/usr/local/bin/ctr":                     "ctr",
			"/usr/local/sbin/runc":                   "runc",
		}),
		Tree: "terraform/local/image/rootfs", Under: "/",
		Masked:     "terraform/local/image/masked-units",
		Entrypoint: []string{"/usr/local/sbin/machine-entrypoint"},
		StopSignal: "SIGRTMIN+3",
	}
}

// withPlugins adds the CNI plugins with which network addons connect pods.
func withPlugins(binaries map[string]string) map[string]string {
	for _, name := range []string{"bridge", "host-local", "loopback", "portmap"} {
		binaries["/opt/cni/bin/"+name] = name
	}
	return binaries
}

func static(c images.Component, program, path, user string) recipe {
	return recipe{Component: c, Base: "static", Binaries: map[string]string{path: program},
		Entrypoint: []string{path}, User: user}
}

func net(c images.Component, program, path string) recipe {
	return recipe{Component: c, Base: "net", Binaries: map[string]string{path: program}, Entrypoint: []string{path}}
}

// packages are the Debian packages of each root, beside the essential ones.
func packages() map[string][]string {
	return map[string][]string{
		"net": strings.Fields("ca-certificates conntrack ethtool iproute2 ipset iptables kmod" +
			" libblkid1 mount nftables passwd util-linux"),
		"loadbalancer": {"haproxy"},
		"machine": strings.Fields("ca-certificates conntrack ethtool iproute2 iptables isal kmod libseccomp2 mount" +
			" nftables openssh-server passwd procps socat sudo systemd systemd-sysv util-linux"),
	}
}

// program is a Go program of the modules below test/images/modules, or of this one.
type program struct {
	Package string
	// Module is the directory of another module beside modules, whose versions
	// would not go together with the others.
	Module string
	Tags   string
	// Values are set at link time, -X.
	Values []string
	// CGO names the Debian packages whose headers the program is built with.
	CGO []string
	// Static links C libraries into the program.
	Static bool
	// Language is what Go its packages, named as go build does, are written in, where
	// their module does not say.
	Language string
	// Main is set for a program of this repository's main module.
	Main bool
}

// kubernetesModule is the module of an older release; the newest one is among the others.
func kubernetesModule() string {
	if minor == images.Newest() {
		return ""
	}
	return "kubernetes/" + minor
}

// ofKubernetes tells whether an image changes with the release of Kubernetes.
func (r recipe) ofKubernetes() bool {
	for _, name := range r.Binaries {
		if strings.HasPrefix(programs()[name].Package, "k8s.io/kubernetes/") {
			return true
		}
	}
	return false
}

func programs() map[string]program {
	major, second, _ := strings.Cut(minor, ".")
	base := "k8s.io/component-base/version."
	kubernetes := []string{base + "gitVersion=" + images.KubernetesVersion(minor), base + "gitMajor=" + major, base + "gitMinor=" + second}
	list := map[string]program{
		"addon-manager": {Package: "turnup.dev/kubectl-turnup/addon-manager", Main: true,
			Values: []string{"main.version=" + images.Runtime}},
		"bridge-network": {Package: "turnup.dev/kubectl-turnup/addons/bridge/agent", Main: true},
		"coredns":        {Package: "turnup.dev/kubectl-turnup/test/images/modules/coredns"},
		// The commands of a module that has no go.mod, and is older than it for Go.
		"docker": {Package: "github.com/docker/cli/cmd/docker", Module: "docker", Language: "github.com/docker/cli/...=-lang=go1.25",
			Values: []string{"github.com/docker/cli/cli/version.Version=" + docker}},
		"dockerd": {Package: "github.com/moby/moby/v2/cmd/dockerd", Module: "docker",
			Values: []string{"github.com/moby/moby/v2/dockerversion.Version=" + docker}},
		"etcd":    {Package: "go.etcd.io/etcd/server/v3"},
		"etcdctl": {Package: "go.etcd.io/etcd/etcdctl/v3"},
		"flannel": {Package: "turnup.dev/flannel-cni-plugin/plugins/meta/flannel"},
		"flanneld": {Package: "github.com/flannel-io/flannel", CGO: []string{"gcc"},
			Values: []string{"github.com/flannel-io/flannel/pkg/version.Version=" + tag(images.Flannel)}},
		"fluentd-stand-in": {Package: "turnup.dev/kubectl-turnup/test/images/modules/fluentd-stand-in"},
		// Without SELinux on the host, relabelling is an error and not a no-op.
		"ignition": {Package: "github.com/coreos/ignition/v2/internal", CGO: []string{"gcc", "libblkid-dev"},
			Values: []string{"github.com/coreos/ignition/v2/internal/distro.selinuxRelabel=false",
				"github.com/coreos/ignition/v2/internal/version.Raw=" + ignition}},
		"local-path-provisioner": {Package: "github.com/rancher/local-path-provisioner"},
		"metrics-server": {Package: "sigs.k8s.io/metrics-server/cmd/metrics-server",
			Values: []string{"k8s.io/client-go/pkg/version.gitVersion=" + tag(images.MetricsServer)}},
		"pause": {Package: "turnup.dev/kubectl-turnup/test/images/modules/pause"},
		"runc": {Package: "github.com/opencontainers/runc", Tags: "seccomp",
			CGO: []string{"gcc", "libseccomp-dev", "pkg-config"}},
		"runc-static": {Package: "github.com/opencontainers/runc", Tags: "seccomp,netgo,osusergo", Static: true,
			CGO: []string{"gcc", "libseccomp-dev", "pkg-config"}},
	}
	for _, name := range []string{"kubeadm", "kubelet", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler"} {
		list[name] = program{Package: "k8s.io/kubernetes/cmd/" + name, Module: kubernetesModule(), Values: kubernetes}
	}
	for _, name := range []string{"containerd", "containerd-shim-runc-v2", "ctr"} {
		list[name] = program{Package: "github.com/containerd/containerd/v2/cmd/" + name}
	}
	for name, path := range map[string]string{"bridge": "main", "host-local": "ipam", "loopback": "main", "portmap": "meta"} {
		list[name] = program{Package: "github.com/containernetworking/plugins/plugins/" + path + "/" + name}
	}
	return list
}
