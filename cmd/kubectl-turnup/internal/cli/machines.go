package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"

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
	var output listFlag
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
			return output.print(a.streams.Out, file, machineNames(file.Machines), func(w io.Writer, wide bool) error {
				return machineColumns(w, file, wide)
			})
		},
	}
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	return cmd
}

func machineNames(list []machines.Machine) []string {
	var names []string
	for _, m := range list {
		names = append(names, "machine/"+m.Name)
	}
	return names
}

func machineColumns(w io.Writer, file machines.File, wide bool) error {
	rows := [][]string{{"MACHINE", "ROLE", "ADDRESS", "REACHED BY"}}
	if wide {
		rows[0] = append(rows[0], "LABELS", "TAINTS", "ETCD DISK")
	}
	for _, m := range file.Machines {
		row := []string{m.Name, string(m.Role), m.Address, turnup.Way(m)}
		if wide {
			row = append(row, labels.FormatLabels(m.Labels), strings.Join(m.Taints, ","), m.EtcdDevice)
		}
		rows = append(rows, row)
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
