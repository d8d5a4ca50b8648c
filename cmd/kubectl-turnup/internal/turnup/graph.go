package turnup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/tree"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/graph"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// drawn is how many machines of a role are drawn one by one; more are one box.
const drawn = 6

// Scene is the picture of the cluster that the config describes: machines, addons,
// and who talks to whom.
func (t *Turnup) Scene() (graph.Scene, error) {
	file, err := t.expectedMachines()
	if err != nil {
		return graph.Scene{}, err
	}
	return sceneOf(t.Config, file), nil
}

func sceneOf(cfg config.Cluster, file machines.File) graph.Scene {
	s := graph.Scene{Title: fmt.Sprintf("%s: Kubernetes %s on %s", cfg.Cluster.Name, cfg.Bootstrap.KubernetesVersion, platformName(cfg))}
	if strings.Contains(file.Endpoint, bootstrap.EndpointHost) {
		file = withoutAddresses(file)
	}
	port := file.Endpoint[strings.LastIndex(file.Endpoint, ":")+1:]
	link := func(from, to, text string) { s.Links = append(s.Links, graph.Link{From: from, To: to, Text: text}) }

	outside := []graph.Box{{ID: "you", Lines: []string{"you", "kubectl turnup", "kubectl"}}}
	if cfg.Addons.Source == api.Git {
		outside = append(outside, graph.Box{ID: "git", Lines: []string{"git repository", cfg.Addons.Git.URL}})
	}
	s.Frames = append(s.Frames, graph.Frame{ID: "outside", Title: "outside of the cluster", Boxes: outside})

	entrance := "planes"
	if balancer := balancerOf(cfg, file); balancer != nil {
		entrance = "balancer"
		s.Frames = append(s.Frames, graph.Frame{ID: "entrance", Title: "load balancer", Boxes: []graph.Box{*balancer}})
		link(entrance, "planes", "API :"+port)
	}
	planes := file.WithRole(machines.ControlPlane)
	title := "control plane: etcd, kube-apiserver, kube-controller-manager, kube-scheduler"
	if len(planes) > 1 {
		title += " (etcd among them :2379, :2380)"
	}
	s.Frames = append(s.Frames, graph.Frame{ID: "planes", Title: title, Boxes: machineBoxes(planes)})
	link("you", entrance, "API :"+port)
	if cfg.Provision.Platform != "local" {
		link("you", "planes", "SSH :22")
	}

	if workers := append(machineBoxes(file.WithRole(machines.Worker)), groupBoxes(file.Groups)...); len(workers) > 0 {
		s.Frames = append(s.Frames, graph.Frame{ID: "workers", Title: "workers: kubelet, containerd, pods", Boxes: workers})
		link("workers", entrance, "API :"+port)
		link("planes", "workers", "kubelet :10250")
		if traffic := podTraffic(cfg); traffic != "" {
			link("planes", "workers", traffic)
		}
	}
	var addons []graph.Box
	for _, name := range tree.Enabled(cfg) {
		addons = append(addons, graph.Box{ID: "addon_" + strings.ReplaceAll(name, "-", "_"), Lines: []string{name, addonWords[name]}})
	}
	s.Frames = append(s.Frames, graph.Frame{ID: "addons", Title: "addons, which the addon manager keeps true to " + treeWords(cfg), Boxes: addons})
	if cfg.Addons.Source == api.Git {
		link("addon_addon_manager", "git", "fetches every "+strconv.Itoa(cfg.Addons.Git.Interval)+" s")
	}
	return s
}

func platformName(cfg config.Cluster) string {
	if _, cloud := config.CloudOf(cfg); cloud {
		return cfg.Provision.Platform
	}
	if cfg.Provision.Platform == "local" {
		return "this computer, in Docker"
	}
	return "hosts that exist"
}

// balancerOf is what stands before the API servers; nil for a single one.
func balancerOf(cfg config.Cluster, file machines.File) *graph.Box {
	host := file.Endpoint[:strings.LastIndex(file.Endpoint, ":")]
	if own := file.WithRole(machines.LoadBalancer); len(own) > 0 {
		return &graph.Box{ID: "balancer", Lines: []string{own[0].Name, own[0].Address, "haproxy"}}
	}
	if cloud, ok := config.CloudOf(cfg); ok && (cloud.LoadBalancer || len(file.WithRole(machines.ControlPlane)) > 1) {
		return &graph.Box{ID: "balancer", Lines: said("the cloud's, TCP", host)}
	}
	return nil
}

func machineBoxes(list []machines.Machine) []graph.Box {
	var boxes []graph.Box
	for i, m := range list {
		if len(list) > drawn && i > 0 {
			last := list[len(list)-1]
			boxes[0].Lines = []string{fmt.Sprintf("%d machines", len(list)), m.Name[:strings.LastIndex(m.Name, "-")] + "-…", list[0].Address + " – " + last.Address}
			return boxes
		}
		boxes = append(boxes, graph.Box{ID: "machine_" + strings.NewReplacer("-", "_", ".", "_").Replace(m.Name), Lines: said(m.Name, m.Address)})
	}
	return boxes
}

// withoutAddresses leaves out those that stand for what a cloud will choose.
func withoutAddresses(file machines.File) machines.File {
	file.Endpoint = file.Endpoint[strings.LastIndex(file.Endpoint, ":"):]
	file.Machines = slices.Clone(file.Machines)
	for i := range file.Machines {
		file.Machines[i].Address = ""
	}
	return file
}

// said are the lines that say something.
func said(lines ...string) []string {
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" })
}

func groupBoxes(list []machines.Group) []graph.Box {
	var boxes []graph.Box
	for _, g := range list {
		boxes = append(boxes, graph.Box{
			ID:    "group_" + strings.ReplaceAll(g.Name, "-", "_"),
			Lines: []string{g.Name, fmt.Sprintf("a group of %d", g.Count), strings.Join(g.Subnets, " ")},
		})
	}
	return boxes
}

// podTraffic is how the packets of pods travel between machines.
func podTraffic(cfg config.Cluster) string {
	switch {
	case cfg.Network.Provider == "flannel" && cfg.Network.Flannel.Backend != "host_gw":
		return "pods: VXLAN :8472/udp"
	case cfg.Network.Provider == "none":
		return ""
	}
	return "pods: plain routes"
}

func treeWords(cfg config.Cluster) string {
	if cfg.Addons.Source == api.Git {
		return "the git repository"
	}
	return "the tree that is pushed"
}

// addonWords say in two words what an addon is for.
var addonWords = map[string]string{
	"flannel": "pod network", "bridge": "pod network", "calico": "pod network", "cilium": "pod network",
	"kube-proxy": "Services", "coredns": "DNS", "coredns-autoscaler": "replicas of DNS", "node-local-dns": "DNS cache", "metrics-server": "kubectl top",
	"local-path": "volumes", "aws-ebs-csi": "volumes", "gce-pd-csi": "volumes", "azure-disk-csi": "volumes", "snapshots": "snapshots",
	"aws-cloud-controller": "load balancers", "gce-cloud-controller": "load balancers", "azure-cloud-controller": "load balancers",
	"fluentd": "logs", "headlamp": "dashboard", object.Manager: "applies all of them",
}
