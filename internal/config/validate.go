package config

import (
	"fmt"
	"net/netip"
)

// Validate reports everything that is wrong with a config at once, in the
// order of the table: values first, then what does not go together.
func Validate(c Cluster) error { return validate(c, map[string]bool{}).orNil() }

// validate leaves out the paths that are known to be wrong, and what depends
// on them; it adds to them those that it finds.
func validate(c Cluster, wrong map[string]bool) Problems {
	var problems Problems
	for _, symbol := range Table() {
		if wrong[symbol.Path] {
			continue
		}
		if text := symbol.problem(field(&c, symbol.Path).Interface()); text != "" {
			wrong[symbol.Path] = true
			problems = append(problems, Problem{Path: symbol.Path, Text: text})
		}
	}
	return append(problems, ranges(c, wrong)...)
}

// ranges checks the address ranges against each other; those that are no
// prefixes have been reported already.
func ranges(c Cluster, wrong map[string]bool) Problems {
	all := []struct{ path, prefix string }{
		{"provision.local.subnet", c.Provision.Local.Subnet},
		{"network.pod_cidr", c.Network.PodCIDR},
		{"network.service_cidr", c.Network.ServiceCIDR},
	}
	var problems Problems
	for i, a := range all {
		for _, b := range all[:i] {
			if wrong[a.path] || wrong[b.path] || !overlap(a.prefix, b.prefix) {
				continue
			}
			problems = append(problems, Problem{Path: a.path,
				Text: fmt.Sprintf("%s overlaps %s of %s; choose ranges that share no address", a.prefix, b.prefix, b.path)})
		}
	}
	if wrong["network.pod_cidr"] || wrong["provision.workers"] || wrong["provision.control_planes"] {
		return problems
	}
	pods, err := netip.ParsePrefix(c.Network.PodCIDR)
	nodes := c.Provision.ControlPlanes + c.Provision.Workers
	if err != nil {
		return problems
	}
	if room := 1 << (24 - pods.Bits()); room < nodes {
		problems = append(problems, Problem{Path: "network.pod_cidr",
			Text: fmt.Sprintf("%s has room for %d nodes with a /24 each, the cluster has %d; take a shorter prefix",
				c.Network.PodCIDR, room, nodes)})
	}
	return problems
}

func overlap(a, b string) bool {
	p, errA := netip.ParsePrefix(a)
	q, errB := netip.ParsePrefix(b)
	return errA == nil && errB == nil && p.Overlaps(q)
}
