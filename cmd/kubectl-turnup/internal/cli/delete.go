package cli

import (
	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
)

func (a *app) delete() *cobra.Command {
	var f clusterFlags
	var purge, force bool
	cmd := &cobra.Command{
		Use:     "delete [NAME]",
		GroupID: "cluster",
		Short:   "Delete a cluster and everything made for it",
		Long: `Delete a cluster: its machines, networks and volumes, its kubeconfig entries, and
its directory with the keys. The addon tree stays: it is yours.

On a cloud, the plan is shown first. Then Services of the type LoadBalancer and
the claims of volumes are deleted, and what they rented has to go before the
network can; last it is looked for anything that still carries the cluster's tag.

The store of unpacked images, which the clusters on this computer share, stays
for the next one unless --purge is given.`,
		Example: `  kubectl turnup delete
  kubectl turnup delete staging --yes --purge`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.found(f, args, home.FindDoomed)
			if err != nil {
				return err
			}
			t.Force = force
			if err := t.Delete(cmd.Context()); err != nil || !purge {
				return err
			}
			return t.Purge(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&purge, "purge", false, "Remove image stores that no cluster uses, too")
	cmd.Flags().BoolVar(&force, "force", false, "Delete a cluster on a cloud although its API server does not answer; load balancers and disks it made may stay")
	f.addTerraform(cmd)
	f.addKubeconfig(cmd)
	f.addSSH(cmd)
	f.addYes(cmd)
	addTimeout(cmd)
	return cmd
}
