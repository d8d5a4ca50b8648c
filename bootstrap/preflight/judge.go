package preflight

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Level is how bad a finding is.
type Level string

// An Error keeps a host from becoming a node; a Warning does not.
const (
	Error   Level = "error"
	Warning Level = "warning"
)

// Finding is something about a host that somebody has to know.
type Finding struct {
	Machine string `json:"machine"`
	Level   Level  `json:"level"`
	// Check is what was looked at: disk, clock, ports…
	Check   string `json:"check"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func (f Finding) String() string {
	text := f.Machine + ": " + f.Message
	if f.Hint != "" {
		text += " (" + f.Hint + ")"
	}
	return text
}

// Host is a machine and what was found out about it.
type Host struct {
	Machine machines.Machine `json:"machine"`
	Facts   Facts            `json:"facts,omitempty"`
	// Skew is how much the host's clock is ahead of this computer's.
	Skew time.Duration `json:"skew,omitempty"`
	// Unreachable is why there are no facts.
	Unreachable error `json:"-"`
}

// Ahead is the skew of a host's clock, given when it was asked and had answered.
func (f Facts) Ahead(asked, answered time.Time) time.Duration {
	clock := f.clock()
	if clock.IsZero() {
		return 0
	}
	// It told the time somewhere in between: the doubt is in its favour.
	switch {
	case clock.Before(asked):
		return clock.Sub(asked)
	case clock.After(answered):
		return clock.Sub(answered)
	}
	return 0
}

// Cluster is what the hosts are to become part of.
type Cluster struct {
	// CA is the SHA-256 of this cluster's CA certificate, in hex; "" for a new cluster.
	CA string
	// Bundle: hosts pull nothing.
	Bundle bool
}

// Ours tells whether a host is a node of the cluster already.
func (c Cluster) Ours(f Facts) bool {
	return c.CA != "" && f["ca"] == c.CA && f["kubelet_by"] == "turnup"
}

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
		j.kernel()
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

// earlier looks for a cluster that the host is, or was, part of.
func (j *judge) earlier(cluster Cluster) {
	// What an interrupted run of ours has left comes behind the CA certificate.
	foreign := j.facts["ca"] == "" || j.facts["ca"] != cluster.CA
	const reset = "`kubectl turnup machines reset %s` of that cluster takes it out"
	switch by := j.facts["kubelet_by"]; {
	case j.facts["ca"] != "" && j.facts["ca"] != cluster.CA && by == "turnup":
		j.fail("cluster", "it is a node of another cluster that turnup made", fmt.Sprintf(reset, j.host.Machine.Name))
		return
	case by != "" && by != "turnup":
		j.fail("cluster", fmt.Sprintf("there is a kubelet that is not ours (%s)", by), "take it out of its cluster and remove the kubelet, for instance with `kubeadm reset`")
	case j.facts["kubelet"] == "active" && by == "":
		j.fail("cluster", "a kubelet runs that is not ours", "take the host out of its cluster first")
	}
	if other := j.facts["other_cluster"]; other != "" {
		j.fail("cluster", "there is something of "+other+" on it", "take the host out of that cluster first")
	} else if j.facts.number("manifests") > 0 && foreign {
		j.fail("cluster", "/etc/kubernetes/manifests holds static pods", "they would start; move them away")
	}
	if j.plane && j.facts["etcd_data"] != "" && foreign {
		j.fail("cluster", "/var/lib/etcd holds data of an earlier etcd", "move it away if nobody needs it")
	}
}

// usedPorts are the TCP ports that a node needs for itself.
func usedPorts(role machines.Role) map[int]string {
	switch role {
	case machines.ControlPlane:
		return map[int]string{6443: "the API server", 2379: "etcd", 2380: "etcd", 10250: "the kubelet", 10256: "kube-proxy",
			10257: "the controller manager", 10259: "the scheduler"}
	case machines.LoadBalancer:
		return map[int]string{6443: "the load balancer"}
	}
	return map[int]string{10250: "the kubelet", 10256: "kube-proxy"}
}

func (j *judge) ports() {
	if j.facts["kubelet_by"] == "turnup" {
		return // an earlier run's own
	}
	var taken []string
	for port, user := range usedPorts(j.host.Machine.Role) {
		if j.facts.listens(port) {
			taken = append(taken, fmt.Sprintf("%d (%s)", port, user))
		}
	}
	if len(taken) > 0 {
		slices.Sort(taken)
		j.fail("ports", "something else listens on the ports "+strings.Join(taken, ", "), "`ss -ltnp` there shows what it is")
	}
}

func (j *judge) kernel() {
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

// ways are the connections that the host could, or could not, make.
func (j *judge) ways(cluster Cluster) {
	for _, key := range sortedKeys(j.facts) {
		result := j.facts[key]
		target, ok := strings.CutPrefix(key, "dial.")
		if !ok || result == "open" || result == "unknown" {
			continue
		}
		kind, name, _ := strings.Cut(target, ".")
		switch {
		case kind == "endpoint" && result == "no-name":
			j.fail("endpoint", "it does not know the name of the endpoint", "add it to DNS or to /etc/hosts there")
		case kind == "endpoint" && result != "refused":
			// Refused is right before there is an API server.
			j.fail("endpoint", "it does not reach the endpoint ("+result+")", "a firewall or a missing route is in between")
		case kind == "peer" && result != "refused":
			j.warn("network", "it does not reach "+name+" on port 10250 ("+result+")", "machines reach each other's kubelets, and etcd, without a firewall in between")
		case kind == "registry" && !cluster.Bundle && result == "no-name":
			j.fail("registry", "it does not know the name "+name, "is its DNS right? --bundle, or bootstrap.registry, does without it")
		case kind == "registry" && !cluster.Bundle:
			j.fail("registry", "it does not reach "+name+" ("+result+")", "--bundle, or bootstrap.registry, does without it")
		}
	}
}

func sortedKeys(f Facts) []string {
	keys := make([]string, 0, len(f))
	for key := range f {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// twins are hosts that have what only one may have: clones of one image mostly.
func twins(hosts []Host) []Finding {
	var found []Finding
	seen := map[string]string{}
	for _, h := range hosts {
		for _, id := range []struct {
			key, what, hint string
			level           Level
		}{
			{"machine_id", "machine id", "`rm /etc/machine-id && systemd-machine-id-setup` there, and reboot: network interfaces get their addresses from it", Error},
			{"product_uuid", "product UUID", "", Warning},
			{"hostname", "host name", "nodes are named as the machines file says; `hostnamectl` there sets another", Warning},
		} {
			value := h.Facts[id.key]
			if value == "" || id.key == "product_uuid" && h.Facts["virt"] != "" && h.Facts["virt"] != "none" {
				continue // containers see the UUID of what they run on
			}
			if other, ok := seen[id.key+value]; ok {
				found = append(found, Finding{h.Machine.Name, id.level, "identity", "it has the same " + id.what + " as " + other + " (" + value + ")", id.hint})
				continue
			}
			seen[id.key+value] = h.Machine.Name
		}
	}
	return found
}

func size(kib int64) string {
	if kib < 1<<20 {
		return fmt.Sprintf("%d MiB", kib>>10)
	}
	return fmt.Sprintf("%.1f GiB", float64(kib)/(1<<20))
}
