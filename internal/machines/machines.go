// Package machines is the machines file: what phase 1 (provision) hands to
// phase 2 (bootstrap), and what the owner of existing hosts writes by hand.
package machines

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
)

// APIVersion and Kind head every machines file.
const (
	APIVersion = "turnup.dev/v1alpha1"
	Kind       = "Machines"
)

// Role is what a machine does in the cluster.
type Role string

// The roles a machine can have.
const (
	ControlPlane Role = "control-plane"
	Worker       Role = "worker"
	LoadBalancer Role = "loadbalancer"
)

// File is the content of machines.json.
type File struct {
	// Schema is there for editors.
	Schema     string `json:"$schema,omitempty"`
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Source, in a copy of a file that somebody wrote, is the path of theirs.
	Source string `json:"source,omitempty"`
	// Endpoint is the host:port that kubelets and admins dial: the load
	// balancer, or the only control plane.
	Endpoint string    `json:"endpoint"`
	Machines []Machine `json:"machines"`
	// Groups are workers that a cloud makes, repairs and counts: nobody knows
	// their names before they have joined.
	Groups []Group `json:"groups,omitempty"`
	// Cloud is what only the cloud could tell, and its controllers have to know:
	// on Azure subscription, tenant and identity. Nothing in it is secret.
	Cloud map[string]string `json:"cloud,omitempty"`
}

// Group is a number of equal workers that join by themselves, with the user-data
// they boot with.
type Group struct {
	// Name is a DNS label. The nodes of the group are named Name, a dash and a
	// suffix without one.
	Name  string `json:"name"`
	Count int    `json:"count"`
	// Subnets are the prefixes that the addresses of the group's machines are in.
	Subnets []string          `json:"subnets"`
	Labels  map[string]string `json:"labels,omitempty"`
	Taints  []string          `json:"taints,omitempty"` // key=value:Effect
}

// Has tells whether a node of this name and address is one of the group.
func (g Group) Has(name, address string) bool {
	return g.Names(name) && g.covers(address)
}

// Names tells whether a name is that of a node of the group. A name is one of
// one group only, since its suffix has no dash.
func (g Group) Names(name string) bool {
	suffix, ok := strings.CutPrefix(name, g.Name+"-")
	return ok && suffix != "" && !strings.Contains(suffix, "-") && label.MatchString(name)
}

func (g Group) covers(address string) bool {
	addr, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(g.Subnets, func(subnet string) bool {
		prefix, err := netip.ParsePrefix(subnet)
		return err == nil && prefix.Contains(addr)
	})
}

// Machine is a host before it is a node.
type Machine struct {
	// Name becomes the Node's name: a DNS-1123 label.
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Address is the IP by which the other machines reach this one.
	Address string            `json:"address"`
	Labels  map[string]string `json:"labels,omitempty"`
	Taints  []string          `json:"taints,omitempty"` // key=value:Effect
	// EtcdDevice is the path of a disk for etcd's data, on a control plane. A
	// blank one gets a file system; one that holds anything is left as it is.
	EtcdDevice string    `json:"etcdDevice,omitempty"`
	Transport  Transport `json:"transport"`
}

// Transport says how bootstrap reaches the machine; exactly one field is set.
type Transport struct {
	Docker *Docker `json:"docker,omitempty"`
	SSH    *SSH    `json:"ssh,omitempty"`
}

// SSH reaches a machine by SSH. What is empty has a default.
type SSH struct {
	// Host is the name or address to dial; empty is the machine's own address.
	Host string `json:"host,omitempty"`
	// Port is 22 if it is 0.
	Port int `json:"port,omitempty"`
	// User is root if it is empty; another one becomes root with sudo.
	User string `json:"user,omitempty"`
	// IdentityFile is the path of a private key, relative to the machines file;
	// without one the SSH agent is asked.
	IdentityFile string `json:"identityFile,omitempty"`
	// HostKey is the fingerprint of the host's key, "SHA256:…" as ssh-keygen -l
	// writes it; without one known_hosts has to know the host.
	HostKey string `json:"hostKey,omitempty"`
	// Jump is the host through which this one is reached.
	Jump *Jump `json:"jump,omitempty"`
}

// Jump is a host that SSH connections go through.
type Jump struct {
	Host         string `json:"host"`
	Port         int    `json:"port,omitempty"`
	User         string `json:"user,omitempty"`
	IdentityFile string `json:"identityFile,omitempty"`
	HostKey      string `json:"hostKey,omitempty"`
}

// Docker reaches a machine by the Docker API's exec.
type Docker struct {
	Container string `json:"container"`
}

// ErrMissing is wrapped by Read when there is no machines file yet.
var ErrMissing = errors.New("no machines file")

// Read loads and validates a machines file.
func Read(path string) (File, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return File{}, fmt.Errorf("%s: %w", path, ErrMissing)
	}
	if err != nil {
		return File{}, fmt.Errorf("read machines file: %w", err)
	}
	file, err := Decode(data)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// What Kubernetes takes as a Node's name here, and as a label or taint.
var (
	label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	key   = regexp.MustCompile(`^([a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$`)
	// What a disk is called below /dev, with nothing that a script could take for more.
	device = regexp.MustCompile(`^/dev/[A-Za-z0-9_+:.,=@-]+(/[A-Za-z0-9_+:.,=@-]+)*$`)
	value  = regexp.MustCompile(`^([A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?)?$`)
)

var (
	user        = regexp.MustCompile(`^([a-z_][-a-z0-9_]{0,31})?$`)
	fingerprint = regexp.MustCompile(`^(SHA256:[A-Za-z0-9+/]{43})?$`)
)

// IsNode tells whether the machine becomes a Node: a load balancer does not.
func (m Machine) IsNode() bool { return m.Role != LoadBalancer }

// Nodes returns the machines that become Nodes, in the file's order.
func (f File) Nodes() []Machine {
	return slices.DeleteFunc(slices.Clone(f.Machines), func(m Machine) bool { return !m.IsNode() })
}

// Named returns the machine of a name.
func (f File) Named(name string) (Machine, bool) {
	i := slices.IndexFunc(f.Machines, func(m Machine) bool { return m.Name == name })
	if i < 0 {
		return Machine{}, false
	}
	return f.Machines[i], true
}

// WithRole returns the machines of one role, in the file's order.
func (f File) WithRole(role Role) []Machine {
	var list []Machine
	for _, m := range f.Machines {
		if m.Role == role {
			list = append(list, m)
		}
	}
	return list
}
