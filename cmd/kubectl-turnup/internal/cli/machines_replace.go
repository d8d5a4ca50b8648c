package cli

import "github.com/spf13/cobra"

func (a *app) machinesReplace() *cobra.Command {
	var f clusterFlags
	var cluster string
	cmd := &cobra.Command{
		Use:   "replace MACHINE",
		Short: "Make one machine anew, lost or not",
		Long: `Make one machine of a cluster anew, whether it is lost or not. What is on its disk
goes; nothing that the cluster knows does.

Its pods are drained if it still answers, its Node is deleted, phase 1 makes the
machine again, and it joins as a new one does. A control plane leaves etcd first,
and comes back as a member that has no vote until it has all the data. That
takes others: the only control plane cannot be replaced, and none while so few
of the others are up that etcd would stop.`,
		Example: `  kubectl turnup machines replace demo-control-plane-1
  kubectl turnup machines replace staging-worker-0 --cluster staging --yes`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var name []string
			if cluster != "" {
				name = []string{cluster}
			}
			t, err := a.existing(f, name)
			if err != nil {
				return err
			}
			return t.Replace(cmd.Context(), args[0])
		},
	}
	cmd.Flags().StringVar(&cluster, "cluster", "", "The machine's cluster, if there is more than one")
	f.addTerraform(cmd)
	f.addKubeconfig(cmd)
	f.addYes(cmd)
	addTimeout(cmd)
	return cmd
}
