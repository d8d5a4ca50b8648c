package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// want is what a machine's network has to be, computed from the nodes alone.
type want struct {
	// Own is the range that this machine's pods get addresses from; invalid
	// as long as the node has none.
	Own netip.Prefix
	// Routes lead to the pods of every other machine.
	Routes []route
}

// route leads to a machine's pods.
type route struct {
	Pods netip.Prefix
	Via  netip.Addr
}

func (r route) String() string { return fmt.Sprintf("%s via %s", r.Pods, r.Via) }

// compute says what the machine of node self has to have. A node without a range
// or an address is none that could be reached yet; one with nonsense is left out,
// too, and told of.
func compute(self string, nodes []*corev1.Node) (want, []error) {
	var w want
	var errs []error
	for _, node := range nodes {
		pods, err := podRange(node)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		switch via := internal(node); {
		case node.Name == self:
			w.Own = pods
		case pods.IsValid() && via.IsValid():
			w.Routes = append(w.Routes, route{Pods: pods, Via: via})
		}
	}
	slices.SortFunc(w.Routes, func(a, b route) int { return a.Pods.Addr().Compare(b.Pods.Addr()) })
	return w, errs
}

// podRange is a node's IPv4 range; the zero Prefix for a node that has none yet.
func podRange(node *corev1.Node) (netip.Prefix, error) {
	if node.Spec.PodCIDR == "" {
		return netip.Prefix{}, nil
	}
	prefix, err := netip.ParsePrefix(node.Spec.PodCIDR)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("node %s: spec.podCIDR: %w", node.Name, err)
	}
	if !prefix.Addr().Is4() {
		return netip.Prefix{}, fmt.Errorf("node %s: spec.podCIDR is %s, and this network is IPv4 only", node.Name, prefix)
	}
	return prefix.Masked(), nil
}

// internal is a node's first internal IPv4 address.
func internal(node *corev1.Node) netip.Addr {
	for _, address := range node.Status.Addresses {
		if address.Type != corev1.NodeInternalIP {
			continue
		}
		if parsed, err := netip.ParseAddr(address.Address); err == nil && parsed.Is4() {
			return parsed
		}
	}
	return netip.Addr{}
}

// conflist is the CNI configuration of a machine: a bridge, addresses of its own
// range, and host ports. An mtu of 0 leaves it to the kernel.
func conflist(own netip.Prefix, mtu int) ([]byte, error) {
	bridge := map[string]any{
		"type": "bridge", "bridge": "cni0", "isDefaultGateway": true, "hairpinMode": true,
		"ipam": map[string]any{
			"type":    "host-local",
			"dataDir": "/run/cni-ipam-state",
			"ranges":  [][]map[string]string{{{"subnet": own.String()}}},
		},
	}
	if mtu != 0 {
		bridge["mtu"] = mtu
	}
	return json.MarshalIndent(map[string]any{
		"name": "bridge", "cniVersion": "1.0.0",
		"plugins": []any{
			bridge,
			map[string]any{"type": "portmap", "capabilities": map[string]bool{"portMappings": true}},
		},
	}, "", "  ")
}

// ruleset gives what pods send out of the pod range the machine's own address.
// It replaces the table as a whole, in one transaction.
func ruleset(pods netip.Prefix) string {
	return fmt.Sprintf(`table ip turnup_bridge
delete table ip turnup_bridge
table ip turnup_bridge {
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr %[1]s ip daddr != %[1]s ip daddr != 224.0.0.0/4 oifname != "cni0" masquerade
	}
}
`, pods)
}
