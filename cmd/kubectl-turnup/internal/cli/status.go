package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func (a *app) status() *cobra.Command {
	var f clusterFlags
	var output outputFlag
	var drift bool
	cmd := &cobra.Command{
		Use:     "status [NAME]",
		GroupID: "cluster",
		Short:   "Show a cluster's machines, nodes and addons",
		Long:    "Show a cluster's machines, nodes and addons. Exits with 1 unless all of them are well.\n\nWith --drift, Terraform also looks whether the machines are as it made them.",
		Example: `  kubectl turnup status
  kubectl turnup status -o json`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.existing(f, args)
			if err != nil {
				return err
			}
			s, err := t.Status(cmd.Context())
			if err != nil {
				return err
			}
			if drift {
				t.Drift(cmd.Context(), &s)
			}
			if err := output.print(a.streams.Out, s, func(w io.Writer) error { return statusTable(w, s) }); err != nil {
				return err
			}
			if !s.Healthy() {
				return ui.Hint(fmt.Errorf("the cluster %s is not well", s.Cluster), "`kubectl turnup create %s` puts right what it can", s.Cluster)
			}
			return nil
		},
	}
	f.addSSH(cmd)
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	cmd.Flags().BoolVar(&drift, "drift", false, "Ask Terraform, too, what the next run would change; it takes seconds, on a cloud more")
	f.addTerraform(cmd)
	return cmd
}

func statusTable(w io.Writer, s turnup.Status) error {
	if _, err := fmt.Fprintf(w, "cluster %s on %s, API server %s, addon tree %s\n\n", s.Cluster, s.Platform, orNone(s.Endpoint), orNone(s.Revision)); err != nil {
		return err
	}
	rows := [][]string{{"MACHINE", "ROLE", "ADDRESS", "KUBELET", "NODE", "VERSION"}}
	for _, m := range s.Machines {
		rows = append(rows, []string{m.Name, string(m.Role), m.Address, orNone(m.Kubelet), m.Node, m.Version})
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
