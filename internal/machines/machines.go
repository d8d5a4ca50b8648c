// Package machines is the machines file: what phase 1 (provision) hands to
// phase 2 (bootstrap), and what the owner of existing hosts writes by hand.
package machines

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"regexp"
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
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Endpoint is the host:port that kubelets and admins dial: the load
	// balancer, or the only control plane.
	Endpoint string    `json:"endpoint"`
	Machines []Machine `json:"machines"`
}

// Machine is a host before it is a node.
type Machine struct {
	// Name becomes the Node's name: a DNS-1123 label.
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Address is the IP by which the other machines reach this one.
	Address   string            `json:"address"`
	Labels    map[string]string `json:"labels,omitempty"`
	Taints    []string          `json:"taints,omitempty"` // key=value:Effect
	Transport Transport         `json:"transport"`
}

// Transport says how bootstrap reaches the machine; exactly one field is set.
type Transport struct {
	Docker *Docker `json:"docker,omitempty"`
}

// Docker reaches a machine by the Docker API's exec.
type Docker struct {
	Container string `json:"container"`
}

// New returns an empty machines file for an endpoint.
func New(endpoint string, list []Machine) File {
	return File{APIVersion: APIVersion, Kind: Kind, Endpoint: endpoint, Machines: list}
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

// Decode parses and validates the JSON of a machines file; unknown keys are errors.
func Decode(data []byte) (File, error) {
	var file File
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	switch err := dec.Decode(&file); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return File{}, errors.New("the machines file is truncated")
	case err != nil:
		return File{}, fmt.Errorf("not a machines file: %w", err)
	}
	if dec.More() {
		return File{}, errors.New("there is text behind the machines object")
	}
	return file, file.Validate()
}

// Encode returns the file's JSON, the same bytes for the same value.
func (f File) Encode() []byte {
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		// Only strings and slices of them: encoding/json cannot refuse.
		return nil
	}
	return append(data, '\n')
}

var label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// Validate reports everything that is wrong with the file at once.
func (f File) Validate() error {
	var errs []error
	report := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if f.APIVersion != APIVersion || f.Kind != Kind {
		report("apiVersion and kind are %q and %q, want %q and %q", f.APIVersion, f.Kind, APIVersion, Kind)
	}
	if host, port, err := net.SplitHostPort(f.Endpoint); err != nil || host == "" || port == "" {
		report("endpoint %q is not host:port", f.Endpoint)
	}
	names, addresses := map[string]bool{}, map[string]string{}
	for i, m := range f.Machines {
		at := fmt.Sprintf("machines[%d]", i)
		switch {
		case !label.MatchString(m.Name):
			report("%s.name %q is not a DNS label (a-z, 0-9 and -, at most 63)", at, m.Name)
		case names[m.Name]:
			report("%s.name %q is used twice", at, m.Name)
		}
		names[m.Name] = true
		switch m.Role {
		case ControlPlane, Worker, LoadBalancer:
		default:
			report("%s.role %q is none of %s, %s, %s", at, m.Role, ControlPlane, Worker, LoadBalancer)
		}
		if _, err := netip.ParseAddr(m.Address); err != nil {
			report("%s.address %q is not an IP address", at, m.Address)
		} else if other, taken := addresses[m.Address]; taken {
			report("%s.address %s is also that of %s", at, m.Address, other)
		}
		addresses[m.Address] = m.Name
		if m.Transport.Docker == nil || m.Transport.Docker.Container == "" {
			report("%s.transport names no way to reach the machine (docker.container)", at)
		}
	}
	if len(f.WithRole(ControlPlane)) == 0 {
		report("no machine has the role %s", ControlPlane)
	}
	return errors.Join(errs...)
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
