package preflight

import (
	"fmt"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/internal/machines"
)

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
		case kind == "proxy" && result == "no-name":
			j.fail("proxy", "it does not know the name of the proxy "+name, "is its DNS right? bootstrap.proxy names it")
		case kind == "proxy":
			j.fail("proxy", "it does not reach the proxy "+name+" ("+result+")", "bootstrap.proxy names it; a firewall, or a missing route, is in between")
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
