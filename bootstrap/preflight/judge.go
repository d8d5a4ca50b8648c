package preflight

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// What a node needs, in KiB; below the first it fails, below the second it is tight.
const (
	leastMemory, littleMemory                 = 500 << 10, 900 << 10
	leastPlaneMemory, littlePlaneMemory       = 900 << 10, 1700 << 10
	leastDisk, littleDisk               int64 = 2 << 20, 8 << 20
	skewWarning, skewError                    = 2 * time.Second, 30 * time.Second
	leastSystemd                              = 229
)

// Judge makes findings of the facts of all hosts, in their order.
func Judge(hosts []Host, cluster Cluster) []Finding {
	var all []Finding
	for _, h := range hosts {
		j := judge{host: h, facts: h.Facts, plane: h.Machine.Role == machines.ControlPlane}
		if h.Unreachable != nil {
			j.fail("reach", h.Unreachable.Error(), ui.HintOf(h.Unreachable))
			all = append(all, j.findings...)
			continue
		}
		j.system()
		j.clock()
		if !cluster.Ours(h.Facts) {
			j.room()
			j.earlier(cluster)
			j.ports()
		}
		j.kernel(cluster.Network)
		j.runtime()
		j.ways(cluster)
		all = append(all, j.findings...)
	}
	return append(all, twins(hosts)...)
}

type judge struct {
	host     Host
	facts    Facts
	plane    bool
	findings []Finding
}

func (j *judge) fail(check, message, hint string) { j.add(Error, check, message, hint) }
func (j *judge) warn(check, message, hint string) { j.add(Warning, check, message, hint) }
func (j *judge) add(level Level, check, message, hint string) {
	j.findings = append(j.findings, Finding{j.host.Machine.Name, level, check, message, hint})
}

func (j *judge) system() {
	if arch := j.facts["arch"]; !slices.Contains([]string{"x86_64", "aarch64", "amd64", "arm64"}, arch) {
		j.fail("arch", "its processor is "+arch+"; there are images for x86_64 and aarch64", "")
	}
	if init := j.facts["init"]; init != "systemd" {
		j.fail("init", fmt.Sprintf("its process 1 is %q, and the kubelet is a unit of systemd", init), "take a distribution with systemd")
	} else if n := j.facts.number("systemd"); n >= 0 && n < leastSystemd {
		j.fail("init", fmt.Sprintf("its systemd is %d, older than %d", n, leastSystemd), "take a newer release of its distribution")
	}
	if j.facts["user"] != "0" {
		j.fail("root", "scripts do not run as root", "log in as root, or as a user who may use sudo")
	}
	switch j.facts["cgroups"] {
	case "2":
	case "1":
		j.warn("cgroups", "it has cgroups v1, which Kubernetes is about to drop", "boot it with systemd.unified_cgroup_hierarchy=1")
	default:
		j.fail("cgroups", "it has no cgroups at /sys/fs/cgroup", "")
		return
	}
	var missing []string
	for _, name := range []string{"cpu", "memory", "pids"} {
		if !slices.Contains(strings.Fields(j.facts["controllers"]), name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		j.fail("cgroups", "its kernel lacks the cgroup controllers "+strings.Join(missing, ", "), "on a Raspberry Pi, add cgroup_enable=memory to the kernel's command line")
	}
}

func (j *judge) clock() {
	skew := j.host.Skew.Abs().Round(100 * time.Millisecond)
	direction := "ahead of"
	if j.host.Skew < 0 {
		direction = "behind"
	}
	message := fmt.Sprintf("its clock is %s %s this computer's", skew, direction)
	const hint = "set it by NTP; certificates and leases go by the clock"
	switch {
	case skew > skewError:
		j.fail("clock", message, hint)
	case skew > skewWarning:
		j.warn("clock", message, hint)
	}
}

func (j *judge) room() {
	least, little := int64(leastMemory), int64(littleMemory)
	if j.plane {
		least, little = leastPlaneMemory, littlePlaneMemory
	}
	switch memory := j.facts.number("memory_kib"); {
	case memory >= 0 && memory < least:
		j.fail("memory", fmt.Sprintf("it has %s of memory, a %s needs %s", size(memory), j.host.Machine.Role, size(least)), "")
	case memory >= 0 && memory < little:
		j.warn("memory", fmt.Sprintf("it has only %s of memory", size(memory)), "")
	}
	switch disk := j.facts.number("disk_kib"); {
	case disk >= 0 && disk < leastDisk:
		j.fail("disk", fmt.Sprintf("%s are free on /var, and %s are needed", size(disk), size(leastDisk)), "free some, or mount a larger disk there")
	case disk >= 0 && disk < littleDisk:
		j.warn("disk", fmt.Sprintf("only %s are free on /var", size(disk)), "")
	}
	if inodes := j.facts.number("disk_inodes"); inodes > 0 && inodes < 50_000 {
		j.warn("disk", fmt.Sprintf("only %d inodes are free on /var", inodes), "")
	}
	if swap := j.facts.number("swap_kib"); swap > 0 {
		j.warn("swap", "it has "+size(swap)+" of swap, which pods do not use, and the system may", "swapoff, and take it out of /etc/fstab")
	}
}

func (j *judge) kernel(network string) {
	if why := config.OldKernel(network, j.facts["kernel"]); why != "" && j.host.Machine.Role != machines.LoadBalancer {
		j.fail("kernel", why, "update its system, or choose another network: --set network.provider=flannel")
	}
	for _, feature := range []struct{ key, what, module string }{
		{"overlay", "overlay file systems", "overlay"},
		{"bridge", "netfilter on bridges", "br_netfilter"},
		{"conntrack", "connection tracking", "nf_conntrack"},
		{"tables", "iptables or nftables", "nf_tables"},
	} {
		if j.facts["kernel."+feature.key] == "no" {
			j.warn("kernel", "its kernel shows no sign of "+feature.what, "`modprobe "+feature.module+"` there says more")
		}
	}
}

func (j *judge) runtime() {
	if j.host.Machine.Role == machines.LoadBalancer {
		return
	}
	if runtime := j.facts["other_runtime"]; runtime != "" {
		j.warn("runtime", "another container runtime is there as well ("+runtime+")", "it is not used")
	}
	if version := strings.TrimPrefix(j.facts["containerd"], "v"); version != "" {
		major, _, _ := strings.Cut(version, ".")
		if n, err := strconv.Atoi(major); err == nil && n < 2 {
			j.fail("runtime", "its containerd is "+version+", and Kubernetes needs 2.0 or later", "upgrade it, or remove it: bootstrap installs one")
		}
	}
}

func size(kib int64) string {
	if kib < 1<<20 {
		return fmt.Sprintf("%d MiB", kib>>10)
	}
	return fmt.Sprintf("%.1f GiB", float64(kib)/(1<<20))
}
