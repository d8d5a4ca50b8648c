package machines

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
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
