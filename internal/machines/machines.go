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
	"maps"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
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
	case errors.Is(err, io.EOF):
		return File{}, errors.New("the machines file is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return File{}, errors.New("the machines file is truncated: it ends inside the JSON")
	case err != nil:
		return File{}, fmt.Errorf("not a machines file: line %d: %w", line(data, err, dec.InputOffset()), err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return File{}, errors.New("there is text behind the machines object")
	}
	if err := file.Validate(); err != nil {
		return File{}, err
	}
	return file, nil
}

// line is where an error of encoding/json is; the decoder itself only knows
// where the last good token ended.
func line(data []byte, err error, offset int64) int {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
	}
	return 1 + bytes.Count(data[:min(offset, int64(len(data)))], []byte("\n"))
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

// What Kubernetes takes as a Node's name here, and as a label or taint.
var (
	label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	key   = regexp.MustCompile(`^([a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$`)
	value = regexp.MustCompile(`^([A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?)?$`)
)

// Validate reports everything that is wrong with the file at once.
func (f File) Validate() error {
	var errs []error
	report := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if f.APIVersion != APIVersion || f.Kind != Kind {
		report("apiVersion and kind are %q and %q, want %q and %q", f.APIVersion, f.Kind, APIVersion, Kind)
	}
	if !isEndpoint(f.Endpoint) {
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
		for _, name := range slices.Sorted(maps.Keys(m.Labels)) {
			if !key.MatchString(name) || !value.MatchString(m.Labels[name]) {
				report("%s.labels: %q: %q is not a Kubernetes label", at, name, m.Labels[name])
			}
		}
		for j, taint := range m.Taints {
			if !isTaint(taint) {
				report("%s.taints[%d] %q is not key=value:Effect (NoSchedule, PreferNoSchedule or NoExecute)", at, j, taint)
			}
		}
		if m.Transport.Docker == nil || m.Transport.Docker.Container == "" {
			report("%s.transport names no way to reach the machine (docker.container)", at)
		}
	}
	if len(f.WithRole(ControlPlane)) == 0 {
		report("no machine has the role %s", ControlPlane)
	}
	return errors.Join(errs...)
}

func isEndpoint(s string) bool {
	host, port, err := net.SplitHostPort(s)
	n, errPort := strconv.Atoi(port)
	return err == nil && host != "" && errPort == nil && n > 0 && n < 65536
}

func isTaint(s string) bool {
	pair, effect, _ := strings.Cut(s, ":")
	name, text, _ := strings.Cut(pair, "=")
	return key.MatchString(name) && value.MatchString(text) &&
		slices.Contains([]string{"NoSchedule", "PreferNoSchedule", "NoExecute"}, effect)
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
