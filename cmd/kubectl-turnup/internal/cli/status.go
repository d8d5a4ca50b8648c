package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func (a *app) status() *cobra.Command {
	var f clusterFlags
	var output listFlag
	var drift, watch bool
	cmd := &cobra.Command{
		Use:     "status [NAME]",
		GroupID: "cluster",
		Short:   "Show a cluster's machines, nodes and addons",
		Long:    "Show a cluster's machines, nodes and addons. With --drift, Terraform also\nlooks whether the machines are as it made them.\n\nExit codes: as those of kubectl turnup, and 2 if something is not well.",
		Example: `  kubectl turnup status
  kubectl turnup status -o wide
  kubectl turnup status -o jsonpath='{.machines[*].address}'

  # See a cluster come up, or a machine go
  kubectl turnup status --watch`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.existing(f, args)
			if err != nil {
				return err
			}
			look := func() (turnup.Status, error) {
				s, err := t.Status(cmd.Context())
				if err == nil && drift {
					t.Drift(cmd.Context(), &s)
				}
				return s, err
			}
			if watch && output != "" {
				return ui.Hint(errors.New("--watch and -o exclude each other"), "a program asks again by itself")
			}
			if watch {
				return a.watchStatus(cmd.Context(), look)
			}
			s, err := look()
			if err != nil {
				return err
			}
			err = output.print(a.streams.Out, s, statusNames(s), func(w io.Writer, wide bool) error { return statusTable(w, s, wide) })
			if err != nil {
				return err
			}
			if !s.Healthy() {
				err := ui.Hint(fmt.Errorf("the cluster %s is not well", s.Cluster), "`kubectl turnup create %s` puts right what it can", s.Cluster)
				return coded{err, exitUnwell}
			}
			return nil
		},
	}
	f.addSSH(cmd)
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "Look again every two seconds, until Ctrl-C; on a terminal in place, elsewhere whenever something has changed")
	cmd.Flags().BoolVar(&drift, "drift", false, "Ask Terraform, too, what the next run would change; it takes seconds, on a cloud more")
	f.addTerraform(cmd)
	return cmd
}

// exitUnwell is what status ends with when it could look, and did not like it.
const exitUnwell = 2

// watchEvery is the time between two looks.
const watchEvery = 2 * time.Second

// watchStatus shows the status again and again, until somebody has seen enough:
// an interrupt is how it ends, and no error.
func (a *app) watchStatus(ctx context.Context, look func() (turnup.Status, error)) error {
	tty := ui.Terminal(a.streams.Out)
	if tty {
		if _, err := io.WriteString(a.streams.Out, "\x1b[2J"); err != nil {
			return err
		}
	}
	before := ""
	for {
		s, err := look()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		var out strings.Builder
		if err := statusTable(&out, s, false); err != nil {
			return err
		}
		switch now := out.String(); {
		case tty:
			// Home, each line to its end, and the rest of the screen.
			_, err = fmt.Fprintf(a.streams.Out, "\x1b[H%s\x1b[J", strings.ReplaceAll(now, "\n", "\x1b[K\n"))
		case now != before:
			_, err = fmt.Fprintf(a.streams.Out, "# %s\n%s\n", time.Now().Format(time.TimeOnly), now)
			before = now
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchEvery):
		}
	}
}

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

func statusTable(w io.Writer, s turnup.Status, wide bool) error {
	if _, err := fmt.Fprintf(w, "cluster %s on %s, API server %s, addon tree %s\n\n", s.Cluster, s.Platform, orNone(s.Endpoint), orNone(s.Revision)); err != nil {
		return err
	}
	rows := [][]string{{"MACHINE", "ROLE", "ADDRESS", "KUBELET", "NODE", "VERSION"}}
	if wide {
		rows[0] = append(rows[0], "RUNTIME", "OS", "KERNEL")
	}
	for _, m := range s.Machines {
		row := []string{m.Name, string(m.Role), m.Address, orNone(m.Kubelet), m.Node, m.Version}
		if wide {
			row = append(row, m.Runtime, m.OS, m.Kernel)
		}
		rows = append(rows, row)
	}
	if err := columns(w, rows...); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	if err := addonTable(w, s.Addons); err != nil {
		return err
	}
	if s.Certificates != nil {
		if _, err := fmt.Fprintf(w, "\ncertificates: valid until %s (%s)\n", s.Certificates.Expires.Format(time.DateOnly), s.Certificates.Name); err != nil {
			return err
		}
	}
	if s.Drift != nil {
		if _, err := fmt.Fprintf(w, "\ndrift: %s\n", strings.Join(append([]string{s.Drift.Summary}, s.Drift.Resources...), "\n  ")); err != nil {
			return err
		}
	}
	for _, problem := range s.Problems {
		if _, err := fmt.Fprintf(w, "\n! %s\n", problem); err != nil {
			return err
		}
	}
	return nil
}

func addonTable(w io.Writer, addons []turnup.AddonStatus) error {
	rows := [][]string{{"ADDON", "READY", "REVISION", "OBJECTS", "MESSAGE"}}
	for _, a := range addons {
		rows = append(rows, []string{a.Name, a.Ready, a.Revision, strconv.Itoa(a.Objects), a.Message})
	}
	return columns(w, rows...)
}

func orNone(text string) string {
	if text == "" {
		return "<none>"
	}
	return text
}
