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
	// What a disk is called below /dev, with nothing that a script could take for more.
	device = regexp.MustCompile(`^/dev/[A-Za-z0-9_+:.,=@-]+(/[A-Za-z0-9_+:.,=@-]+)*$`)
	value  = regexp.MustCompile(`^([A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?)?$`)
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
		switch {
		case m.EtcdDevice == "":
		case m.Role != ControlPlane:
			report("%s.etcdDevice is for a %s, and %s is a %s", at, ControlPlane, m.Name, m.Role)
		case !device.MatchString(m.EtcdDevice):
			report("%s.etcdDevice %q is not the path of a device, as /dev/disk/by-id/…", at, m.EtcdDevice)
		}
		reportLabels(report, at, m.Labels, m.Taints)
		for _, problem := range m.Transport.problems() {
			report("%s.transport%s", at, problem)
		}
	}
	for i, g := range f.Groups {
		at := fmt.Sprintf("groups[%d]", i)
		switch {
		case !label.MatchString(g.Name):
			report("%s.name %q is not a DNS label (a-z, 0-9 and -, at most 63)", at, g.Name)
		case names[g.Name]:
			report("%s.name %q is used twice", at, g.Name)
		}
		names[g.Name] = true
		if g.Count < 0 {
			report("%s.count is %d", at, g.Count)
		}
		if len(g.Subnets) == 0 {
			report("%s.subnets is empty: any machine could say that it is one of the group", at)
		}
		for j, subnet := range g.Subnets {
			if _, err := netip.ParsePrefix(subnet); err != nil {
				report("%s.subnets[%d] %q is not an address prefix", at, j, subnet)
			}
		}
		reportLabels(report, at, g.Labels, g.Taints)
	}
	if len(f.WithRole(ControlPlane)) == 0 {
		report("no machine has the role %s", ControlPlane)
	}
	return errors.Join(errs...)
}

func reportLabels(report func(format string, args ...any), at string, labels map[string]string, taints []string) {
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if !key.MatchString(name) || !value.MatchString(labels[name]) {
			report("%s.labels: %q: %q is not a Kubernetes label", at, name, labels[name])
		}
	}
	for i, taint := range taints {
		if !isTaint(taint) {
			report("%s.taints[%d] %q is not key=value:Effect (NoSchedule, PreferNoSchedule or NoExecute)", at, i, taint)
		}
	}
}

// problems say, each to be read behind "transport", what is wrong with it.
func (t Transport) problems() []string {
	switch {
	case t.Docker != nil && t.SSH != nil:
		return []string{" names two ways to reach the machine; one of docker and ssh"}
	case t.Docker != nil && t.Docker.Container != "":
		return nil
	case t.SSH == nil:
		return []string{" names no way to reach the machine (docker.container or ssh)"}
	}
	problems := endOfSSH(".ssh", t.SSH.Port, t.SSH.User, t.SSH.HostKey)
	if jump := t.SSH.Jump; jump != nil {
		if jump.Host == "" {
			problems = append(problems, ".ssh.jump.host is empty")
		}
		problems = append(problems, endOfSSH(".ssh.jump", jump.Port, jump.User, jump.HostKey)...)
	}
	return problems
}

var (
	user        = regexp.MustCompile(`^([a-z_][-a-z0-9_]{0,31})?$`)
	fingerprint = regexp.MustCompile(`^(SHA256:[A-Za-z0-9+/]{43})?$`)
)

func endOfSSH(at string, port int, name, hostKey string) []string {
	var problems []string
	if port < 0 || port > 65535 {
		problems = append(problems, fmt.Sprintf("%s.port %d is not a port", at, port))
	}
	if !user.MatchString(name) {
		problems = append(problems, fmt.Sprintf("%s.user %q is not the name of a user", at, name))
	}
	if !fingerprint.MatchString(hostKey) {
		problems = append(problems, fmt.Sprintf("%s.hostKey %q is not a fingerprint SHA256:…, as `ssh-keygen -l` prints it", at, hostKey))
	}
	return problems
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
