package cli

import (
	"io"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
	"turnup.dev/kubectl-turnup/internal/machines"
)

func (a *app) machines() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "machines",
		GroupID: "phase",
		Short:   "Look at, check and take out single machines",
		Long: `The machines of a cluster, one by one: those that provision has made, or the
hosts of a machines file that you write (the platform baremetal).`,
		Example: `  kubectl turnup machines check
  kubectl turnup machines reset demo-worker-1`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(a.machinesList(), a.machinesCheck(), a.machinesReplace(), a.machinesReset(), a.machinesSchema())
	return cmd
}

func (a *app) machinesList() *cobra.Command {
	var f clusterFlags
	var output outputFlag
	cmd := &cobra.Command{
		Use:   "list [NAME]",
		Short: "List the machines and how they are reached",
		Long: `List the machines of a cluster's machines file and how they are reached. Nothing
is asked of them: status does that.`,
		Example: `  kubectl turnup machines list
  kubectl turnup machines list -o json | jq -r '.machines[].address'`,
		Args: oneName,
		RunE: func(_ *cobra.Command, args []string) error {
			t, err := a.existing(f, args)
			if err != nil {
				return err
			}
			file, err := t.Home.ReadMachines()
			if err != nil {
				return err
			}
			return output.print(a.streams.Out, file, func(w io.Writer) error { return machineColumns(w, file) })
		},
	}
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	return cmd
}

func machineColumns(w io.Writer, file machines.File) error {
	rows := [][]string{{"MACHINE", "ROLE", "ADDRESS", "REACHED BY"}}
	for _, m := range file.Machines {
		rows = append(rows, []string{m.Name, string(m.Role), m.Address, turnup.Way(m)})
	}
	return columns(w, rows...)
}

func (a *app) machinesSchema() *cobra.Command {
	var example bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of the machines file, or an example",
		Long:  `Print the JSON schema of the machines file, for your editor, or an example of one.`,
		Example: `  kubectl turnup machines schema >machines.schema.json
  kubectl turnup machines schema --example >machines.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text := machines.Schema
			if example {
				text = machines.Example
			}
			_, err := a.streams.Out.Write(text)
			return err
		},
	}
	cmd.Flags().BoolVar(&example, "example", false, "Print a machines file for two hosts instead")
	return cmd
}
