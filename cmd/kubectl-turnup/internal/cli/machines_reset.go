package cli

import "github.com/spf13/cobra"

func (a *app) machinesReset() *cobra.Command {
	var f clusterFlags
	var cluster string
	var force bool
	cmd := &cobra.Command{
		Use:   "reset MACHINE",
		Short: "Take a machine out of the cluster, and leave a clean host",
		Long: `Take a machine out of its cluster: its pods go elsewhere, a control plane leaves
etcd, its Node is deleted. Then its kubelet is stopped, and its containers, volumes,
pod network, packet filters and files are removed. The container runtime and the
images it has pulled stay, and so does whatever turnup did not put there.

It can be run again where it was interrupted. A host of another cluster is not
touched. With --force it goes on without an API server that answers, and forgets
a host that does not.`,
		Example: `  kubectl turnup machines reset rack-worker-1
  kubectl turnup machines reset rack-worker-1 --cluster rack --yes`,
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
			return t.ResetMachine(cmd.Context(), args[0], force)
		},
	}
	cmd.Flags().StringVar(&cluster, "cluster", "", "The machine's cluster, if there is more than one")
	cmd.Flags().BoolVar(&force, "force", false, "Go on where the API server, or the host, does not answer")
	f.addSSH(cmd)
	f.addYes(cmd)
	return cmd
}
