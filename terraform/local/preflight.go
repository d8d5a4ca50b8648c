package local

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// What machines need. A control plane of 1.37 settles at 700 MiB, a worker
// with flannel and CoreDNS at 300 MiB; both want room for pods. A load balancer
// runs haproxy and nothing else.
const (
	loadBalancerMemory = 256 << 20
	controlPlaneMemory = 1 << 30
	workerMemory       = 512 << 20
	machineDisk        = 512 << 20 // /var: etcd, logs, writable layers
	storeDisk          = 2 << 30   // the bundle, loaded and unpacked
	oldest             = "20.10"
	instances          = 512 // systemd, containerd and the kubelet of each machine use some 30
)

// Report is what Preflight found out on the way.
type Report struct {
	// Warnings are no reason to stop.
	Warnings []string
	// MTU is what the machines' network should have, 0 for Docker's default.
	MTU int
	// Adopted are objects of this cluster that exist already.
	Adopted []Object
}

// Preflight looks for everything that would make the machines fail, before the
// first of them is made, and reports all of it at once.
func (d *Docker) Preflight(ctx context.Context, cfg config.Cluster) (Report, error) {
	facts, err := d.Facts(ctx)
	if err != nil {
		return Report{}, err
	}
	return Check(cfg, facts)
}

// finding is one reason not to start, and the way out.
type finding struct{ what, hint string }

// Check decides on the facts.
func Check(cfg config.Cluster, facts Facts) (Report, error) {
	report := Report{MTU: mtu(facts.Networks)}
	var found []finding
	for _, o := range facts.Objects {
		if o.Cluster == cfg.Cluster.Name {
			report.Adopted = append(report.Adopted, o)
		}
	}
	if facts.OS != "linux" {
		found = append(found, finding{fmt.Sprintf("Docker runs %s containers", facts.OS), "switch Docker to Linux containers"})
	}
	if older(facts.Version, oldest) {
		found = append(found, finding{fmt.Sprintf("Docker is version %s, and %s or newer is needed", facts.Version, oldest), "update Docker"})
	}
	if why := config.OldKernel(cfg.Network.Provider, facts.Kernel); why != "" {
		found = append(found, finding{why, "choose another network: --set network.provider=flannel"})
	}
	found = append(found, names(cfg, facts.Objects)...)
	found = append(found, subnet(cfg, facts)...)
	found = append(found, room(cfg, facts)...)
	if facts.Instances >= 0 && facts.Instances < instances {
		report.Warnings = append(report.Warnings, fmt.Sprintf(
			"fs.inotify.max_user_instances is %d: with more than a few machines, services fail with \"too many open files\"; raise it: sudo sysctl -w fs.inotify.max_user_instances=%d",
			facts.Instances, instances))
	}
	return report, asError(found)
}

func asError(found []finding) error {
	switch len(found) {
	case 0:
		return nil
	case 1:
		return ui.Hint(fmt.Errorf("prepare machines: %s", found[0].what), "%s", found[0].hint)
	}
	var text strings.Builder
	for _, f := range found {
		fmt.Fprintf(&text, "\n  - %s\n    %s", f.what, f.hint)
	}
	return ui.Hint(fmt.Errorf("prepare machines: %d things are in the way:%s", len(found), text.String()), "put these right and run the same command again")
}

// machineNeeds lists the machines that the module makes, by name, and the memory
// that each of them needs.
func machineNeeds(cfg config.Cluster) map[string]int64 {
	needs := map[string]int64{}
	if cfg.Provision.ControlPlanes > 1 {
		needs[cfg.Cluster.Name+"-loadbalancer-0"] = loadBalancerMemory
	}
	for i := range cfg.Provision.ControlPlanes {
		needs[fmt.Sprintf("%s-control-plane-%d", cfg.Cluster.Name, i)] = controlPlaneMemory
	}
	for i := range cfg.Provision.Workers {
		needs[fmt.Sprintf("%s-worker-%d", cfg.Cluster.Name, i)] = workerMemory
	}
	return needs
}

// names looks for objects of others that have the names of ours.
func names(cfg config.Cluster, objects []Object) []finding {
	wanted := map[string]bool{"network turnup-" + cfg.Cluster.Name: true}
	for name := range machineNeeds(cfg) {
		wanted["container "+name], wanted["volume "+name+"-var"] = true, true
	}
	var found []finding
	for _, o := range objects {
		if !wanted[o.String()] || o.Cluster == cfg.Cluster.Name {
			continue
		}
		owner := "something else"
		if o.Cluster != "" {
			owner = "cluster " + o.Cluster
		}
		found = append(found, finding{
			fmt.Sprintf("the name of %s is taken by %s", o, owner),
			fmt.Sprintf("choose another name with --set cluster.name=…, or remove it: docker %s rm %s", o.Kind, o.Name),
		})
	}
	return found
}

// room compares what the machines that are not there yet need with what is left.
func room(cfg config.Cluster, facts Facts) []finding {
	exists := map[string]bool{}
	for _, o := range facts.Objects {
		exists[o.String()] = o.Cluster == cfg.Cluster.Name
	}
	needs := machineNeeds(cfg)
	var memory, disk int64
	for name, each := range needs {
		if !exists["container "+name] {
			memory += each
			disk += machineDisk
		}
	}
	if disk > 0 && !hasStore(facts.Objects) {
		disk += storeDisk
	}
	var found []finding
	count := len(needs)
	if facts.Memory >= 0 && memory > facts.Memory {
		found = append(found, finding{
			fmt.Sprintf("%d machines need %s of memory, and %s is available", count, size(memory), size(facts.Memory)),
			"stop other programs, or ask for fewer machines with --set provision.workers=…",
		})
	}
	if facts.Disk >= 0 && disk > facts.Disk {
		found = append(found, finding{
			fmt.Sprintf("%d machines need %s of disk, and %s has %s free", count, size(disk), facts.DiskPath, size(facts.Disk)),
			"free some space; `docker system df` shows what Docker holds",
		})
	}
	return found
}

func hasStore(objects []Object) bool {
	for _, o := range objects {
		if o.Kind == "volume" && strings.HasPrefix(o.Name, storePrefix) {
			return true
		}
	}
	return false
}

// subnet looks for other users of the machines' addresses.
func subnet(cfg config.Cluster, facts Facts) []finding {
	want, err := netip.ParsePrefix(cfg.Provision.Local.Subnet)
	if err != nil {
		return []finding{{fmt.Sprintf("provision.local.subnet: %q is no IPv4 prefix", cfg.Provision.Local.Subnet), "172.30.0.0/24 is the default"}}
	}
	want = want.Masked()
	own := "turnup-" + cfg.Cluster.Name
	var taken []netip.Prefix
	var user string
	for _, n := range facts.Networks {
		for _, s := range n.Subnets {
			if n.Name == own && n.Cluster == cfg.Cluster.Name {
				if s == want {
					// It stands already; its own route below is no news.
					return nil
				}
				continue
			}
			taken = append(taken, s)
			if user == "" && s.Overlaps(want) {
				user = fmt.Sprintf("Docker network %s (%s)", n.Name, s)
			}
		}
	}
	for _, r := range facts.Routes {
		taken = append(taken, r.Prefix)
		if user == "" && r.Prefix.Overlaps(want) {
			user = fmt.Sprintf("a route of this computer (%s by %s)", r.Prefix, r.Device)
		}
	}
	for name, cidr := range map[string]string{"network.pod_cidr": cfg.Network.PodCIDR, "network.service_cidr": cfg.Network.ServiceCIDR} {
		if p, err := netip.ParsePrefix(cidr); err == nil {
			taken = append(taken, p)
			if user == "" && p.Overlaps(want) {
				user = fmt.Sprintf("%s (%s)", name, p)
			}
		}
	}
	if user == "" {
		return nil
	}
	hint := "choose a free range with --set provision.local.subnet=…"
	if p, ok := free(want.Bits(), taken); ok {
		hint = fmt.Sprintf("choose a free range, for instance --set provision.local.subnet=%s", p)
	}
	return []finding{{fmt.Sprintf("provision.local.subnet %s collides with %s", want, user), hint}}
}

// free finds a private range of a length that overlaps none of the taken.
func free(bits int, taken []netip.Prefix) (netip.Prefix, bool) {
	for _, start := range []string{"172.30.0.0", "172.20.0.0", "10.200.0.0", "192.168.128.0"} {
		base := netip.MustParseAddr(start).As4()
		for i := range 64 {
			n := (int(base[0])<<24 | int(base[1])<<16 | int(base[2])<<8) + i<<(32-bits)
			p := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), 0}), bits)
			if p != p.Masked() || !p.Addr().IsPrivate() {
				continue
			}
			overlaps := false
			for _, t := range taken {
				overlaps = overlaps || t.Overlaps(p)
			}
			if !overlaps {
				return p, true
			}
		}
	}
	return netip.Prefix{}, false
}

// mtu is that of Docker's default bridge if it is not the usual one: networks
// made later do not inherit the daemon's --mtu.
func mtu(networks []Network) int {
	for _, n := range networks {
		if n.Name == "bridge" && n.MTU != 1500 {
			return n.MTU
		}
	}
	return 0
}

// older compares the first two numbers of versions like 20.10.24+dfsg1; one
// that cannot be read is not older.
func older(version, than string) bool {
	a, okA := majorMinor(version)
	b, okB := majorMinor(than)
	return okA && okB && (a[0] < b[0] || a[0] == b[0] && a[1] < b[1])
}

func majorMinor(version string) ([2]int, bool) {
	var v [2]int
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return v, false
	}
	for i := range v {
		n, err := strconv.Atoi(parts[i])
		if err != nil {
			return v, false
		}
		v[i] = n
	}
	return v, true
}

func size(bytes int64) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}
