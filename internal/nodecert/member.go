package nodecert

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// member is whom a request is about: a machine, or one of a group's.
type member struct {
	name string
	role machines.Role
	// address is a machine's. A group's machine may have any of its subnets.
	address string
	group   *machines.Group
}

// subject finds the machine, or the group, that the request's subject names.
func subject(request *x509.CertificateRequest, file machines.File) (member, error) {
	name, ok := strings.CutPrefix(request.Subject.CommonName, nodePrefix)
	if !ok || !slices.Equal(request.Subject.Organization, []string{nodesGroup}) {
		return member{}, fmt.Errorf("subject %q is not a node's", request.Subject)
	}
	for _, m := range file.Machines {
		if m.Name == name {
			return member{name: name, role: m.Role, address: m.Address}, nil
		}
	}
	for _, g := range file.Groups {
		if g.Names(name) {
			return member{name: name, role: machines.Worker, group: &g}, nil
		}
	}
	return member{}, fmt.Errorf("no machine is named %q, and no group has it", name)
}

// owns wants the addresses to be the member's own.
func (m member) owns(addresses []net.IP, file machines.File, nodes Nodes) error {
	for _, ip := range addresses {
		addr, ok := netip.AddrFromSlice(ip)
		address := addr.Unmap().String()
		switch {
		case !ok:
			return fmt.Errorf("%s is not an address", ip)
		case m.group == nil && address != m.address:
			return fmt.Errorf("address %s is not that of machine %s (%s)", address, m.name, m.address)
		case m.group != nil:
			if err := m.free(address, file, nodes); err != nil {
				return err
			}
		}
	}
	return nil
}

// free wants an address of a group's subnets to be nobody else's: one of a
// machine, of the endpoint or of another node would let its owner be played.
func (m member) free(address string, file machines.File, nodes Nodes) error {
	if !m.group.Has(m.name, address) {
		return fmt.Errorf("address %s is in none of the subnets of group %s (%s)", address, m.group.Name, strings.Join(m.group.Subnets, ", "))
	}
	if host, _, err := net.SplitHostPort(file.Endpoint); err != nil || host == address {
		return fmt.Errorf("address %s is that of the cluster's endpoint", address)
	}
	for _, other := range file.Machines {
		if other.Address == address {
			return fmt.Errorf("address %s is that of machine %s", address, other.Name)
		}
	}
	list, err := nodes()
	if err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	for _, n := range list {
		if n.Name != m.name && ready(n) && slices.ContainsFunc(n.Status.Addresses, func(a corev1.NodeAddress) bool { return a.Address == address }) {
			return fmt.Errorf("address %s is that of node %s", address, n.Name)
		}
	}
	return nil
}
