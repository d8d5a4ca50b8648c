package turnup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// see adds what the API server says of a machine's node.
func (m *MachineStatus) see(n corev1.Node) {
	info := n.Status.NodeInfo
	m.Node, m.Version = "Ready", info.KubeletVersion
	m.Runtime, m.OS, m.Kernel = info.ContainerRuntimeVersion, info.OSImage, info.KernelVersion
	if notReady(n) != "" {
		m.Node = "NotReady"
	}
}

// addGroups lists the nodes of groups, by name. Of a machine that the cloud has
// taken away the node stays until a cloud controller, or somebody, deletes it.
func (s *Status) addGroups(groups []machines.Group, nodes map[string]corev1.Node) {
	if nodes == nil {
		return // the API server does not answer, which is a problem already
	}
	all := slices.SortedFunc(maps.Values(nodes), func(a, b corev1.Node) int { return strings.Compare(a.Name, b.Name) })
	for _, g := range groups {
		ready := 0
		for _, n := range bootstrap.GroupNodes(g, all) {
			one := MachineStatus{Name: n.Name, Group: g.Name, Role: machines.Worker, Address: internalIP(n)}
			one.see(n)
			if one.Node == "Ready" {
				ready++
			} else {
				s.Problems = append(s.Problems, fmt.Sprintf(
					"node %s of group %s is not ready (%s); if its machine is gone, `kubectl delete node %s`", n.Name, g.Name, notReady(n), n.Name))
			}
			s.Machines = append(s.Machines, one)
		}
		if ready < g.Count {
			s.Problems = append(s.Problems, fmt.Sprintf(
				"group %s has %d of %d nodes that are ready; what a machine waits for is in its /var/log/turnup-bootstrap.log and on its console", g.Name, ready, g.Count))
		}
	}
}

func internalIP(n corev1.Node) string {
	for _, a := range n.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			return a.Address
		}
	}
	return ""
}
