package bootstrap

import (
	"fmt"

	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// EndpointHost stands for the endpoint's host in what a group's machines boot
// with: the load balancer is made in the same apply as they are, so Terraform
// puts its address there.
const EndpointHost = "endpoint.turnup.invalid"

// APIPort is that of the API server on a cloud.
const APIPort = "6443"

// RenderGroup makes the one Ignition config that all machines of a group boot
// with. What differs between them (name, address, the cloud's id) each finds out
// itself; the endpoint's host is EndpointHost. The Machine of the result is
// nobody's: its Name and Address are variables of the kubelet's unit.
func RenderGroup(cfg config.Cluster, p *pki.PKI, g machines.Group) (Rendered, error) {
	endpoint := EndpointHost + ":" + APIPort
	member := machines.Machine{
		Name: "${TURNUP_NAME}", Address: "${TURNUP_ADDRESS}", Role: machines.Worker, Labels: g.Labels, Taints: g.Taints,
	}
	in, err := newInputs(cfg, machines.File{Endpoint: endpoint}, p, nil, member)
	if err != nil {
		return Rendered{}, err
	}
	in.Group, in.Identify, in.Small = g.Name, true, in.Flatcar
	rendered, err := renderInputs(in, endpoint, p, member)
	if err != nil {
		return Rendered{}, fmt.Errorf("render group %s: %w", g.Name, err)
	}
	return rendered, nil
}
