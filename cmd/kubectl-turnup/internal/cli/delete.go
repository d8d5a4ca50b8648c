package cli

import (
	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
)

func (a *app) delete() *cobra.Command {
	var f clusterFlags
	var purge bool
	cmd := &cobra.Command{
		Use:     "delete [NAME]",
		GroupID: "cluster",
		Short:   "Delete a cluster and everything made for it",
		Long: `Delete a cluster: its machines, networks and volumes, its kubeconfig entries, and
its directory with the keys. The addon tree stays: it is yours.

The store of unpacked images, which the clusters on this computer share, stays
for the next one unless --purge is given.`,
		Example: `  kubectl turnup delete
  kubectl turnup delete staging --yes --purge`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.found(f, args, turnup.FindDoomed)
			if err != nil {
				return err
			}
			if err := t.Delete(cmd.Context()); err != nil || !purge {
				return err
			}
			return t.Purge(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&purge, "purge", false, "Remove image stores that no cluster uses, too")
	f.addTerraform(cmd)
	f.addKubeconfig(cmd)
	f.addSSH(cmd)
	f.addYes(cmd)
	return cmd
}
