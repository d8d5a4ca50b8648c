package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func (a *app) machinesCheck() *cobra.Command {
	var f clusterFlags
	var output outputFlag
	cmd := &cobra.Command{
		Use:   "check [NAME]",
		Short: "Look whether hosts can become nodes, and change nothing",
		Long: `Look at every host of the machines file, all at once, and say everything that
would keep it from becoming a node: whether it can be reached and lets us become
root; its system, init, cgroups, clock, memory, disk, ports, swap and kernel; an
earlier cluster; whether it reaches the endpoint, the registries and the other
hosts. Nothing is changed on any.

On a terminal it asks about host keys that were never seen before, and keeps
those you accept in clusters/NAME/known_hosts.

Exits with 1 if there is an error; warnings are none.`,
		Example: `  kubectl turnup machines check --set provision.platform=baremetal
  kubectl turnup machines check rack --accept-host-keys -o json | jq '.findings[]'`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.wanted(f, args)
			if err != nil {
				return err
			}
			report, err := t.Check(cmd.Context())
			if err != nil {
				return err
			}
			if err := output.print(a.streams.Out, report, func(w io.Writer) error { return findingColumns(w, report) }); err != nil {
				return err
			}
			if failed := report.Failed(); len(failed) > 0 {
				return ui.Hint(fmt.Errorf("%d of %d findings are errors", len(failed), len(report.Findings)), "put them right on the hosts; nothing was changed on any")
			}
			return nil
		},
	}
	f.addConfig(cmd)
	f.addSSH(cmd)
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	return cmd
}

func findingColumns(w io.Writer, report turnup.Report) error {
	rows := [][]string{{"MACHINE", "LEVEL", "CHECK", "MESSAGE"}}
	for _, h := range report.Hosts {
		clean := true
		for _, f := range report.Findings {
			if f.Machine != h.Machine.Name {
				continue
			}
			clean = false
			message := f.Message
			if f.Hint != "" {
				message += "; " + f.Hint
			}
			rows = append(rows, []string{f.Machine, string(f.Level), f.Check, oneLine(message)})
		}
		if clean {
			rows = append(rows, []string{h.Machine.Name, "ok", "all", "it can become a node"})
		}
	}
	return columns(w, rows...)
}
