package cli

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func statusNames(s turnup.Status) []string {
	var names []string
	for _, m := range s.Machines {
		names = append(names, "machine/"+m.Name)
	}
	for _, a := range s.Addons {
		names = append(names, "addon/"+a.Name)
	}
	return names
}

// statusTable writes a status as people read it: one screen.
func statusTable(w io.Writer, s turnup.Status, wide bool) error {
	var out strings.Builder
	fmt.Fprintf(&out, "cluster %s on %s, API server %s, addon tree %s\n\n", s.Cluster, s.Platform, orNone(s.Endpoint), orNone(s.ShortRevision()))
	tables := [][][]string{machineRows(s.Machines, wide), componentRows(s.ControlPlane), addonRows(s.Addons)}
	for _, rows := range tables {
		if len(rows) == 0 {
			continue
		}
		if err := columns(&out, rows...); err != nil {
			return err
		}
		fmt.Fprintln(&out)
	}
	if s.Etcd != nil {
		fmt.Fprintf(&out, "etcd: %s\n", etcdLine(*s.Etcd))
	}
	if s.Certificates != nil {
		fmt.Fprintf(&out, "certificates: valid until %s (%s)\n", s.Certificates.Expires.Format(time.DateOnly), s.Certificates.Name)
	}
	if s.Drift != nil {
		fmt.Fprintf(&out, "drift: %s\n", strings.Join(append([]string{s.Drift.Summary}, s.Drift.Resources...), "\n  "))
	}
	if len(s.Unapplied) > 0 {
		fmt.Fprintf(&out, "%s has, and `kubectl turnup create %s` applies:\n", home.DefaultConfigFile, s.Cluster)
		if err := diffTable(&out, s.Unapplied); err != nil {
			return err
		}
	}
	for _, problem := range s.Problems {
		fmt.Fprintf(&out, "! %s\n", problem)
	}
	_, err := io.WriteString(w, strings.TrimRight(out.String(), "\n")+"\n")
	return err
}

func machineRows(list []turnup.MachineStatus, wide bool) [][]string {
	rows := [][]string{{"MACHINE", "ROLE", "ADDRESS", "KUBELET", "NODE", "VERSION"}}
	if wide {
		rows[0] = append(rows[0], "SERVING CERT", "RUNTIME", "OS", "KERNEL")
	}
	for _, m := range list {
		row := []string{m.Name, string(m.Role), m.Address, orNone(m.Kubelet), m.Node, m.Version}
		if wide {
			serving := ""
			if m.ServingExpires != nil {
				serving = m.ServingExpires.Format(time.DateOnly)
			}
			row = append(row, serving, m.Runtime, m.OS, m.Kernel)
		}
		rows = append(rows, row)
	}
	return rows
}

// componentRows has a row for each control plane and a column for each component.
func componentRows(list []turnup.ComponentStatus) [][]string {
	if len(list) == 0 {
		return nil
	}
	head := []string{"CONTROL PLANE"}
	var names, planes []string
	for _, c := range list {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
			head = append(head, strings.ToUpper(c.Name))
		}
		if !slices.Contains(planes, c.Machine) {
			planes = append(planes, c.Machine)
		}
	}
	rows := [][]string{head}
	for _, plane := range planes {
		row := make([]string, 1+len(names))
		row[0] = plane
		for _, c := range list {
			if c.Machine == plane {
				row[1+slices.Index(names, c.Name)] = componentCell(c)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func componentCell(c turnup.ComponentStatus) string {
	cell := c.Version
	if !c.Ready {
		cell += " not ready"
	}
	if c.Restarts > 0 {
		cell += fmt.Sprintf(" (restarts %d)", c.Restarts)
	}
	return cell
}

func etcdLine(e turnup.EtcdStatus) string {
	var names []string
	for _, m := range e.Members {
		name := orNone(m.Name)
		switch {
		case m.Leader:
			name += " (leader)"
		case m.Learner:
			name += " (learner)"
		}
		names = append(names, name)
	}
	return fmt.Sprintf("%s, database %s", strings.Join(names, ", "), ui.Bytes(e.Bytes))
}

func addonRows(addons []turnup.AddonStatus) [][]string {
	rows := [][]string{{"ADDON", "READY", "REVISION", "OBJECTS", "MESSAGE"}}
	for _, a := range addons {
		rows = append(rows, []string{a.Name, a.Ready, a.Revision, strconv.Itoa(a.Objects), a.Message})
	}
	return rows
}
