package cli

import "github.com/spf13/cobra"

func (a *app) create() *cobra.Command {
	var f clusterFlags
	cmd := &cobra.Command{
		Use:     "create [NAME]",
		GroupID: "cluster",
		Short:   "Turn up a cluster: machines, nodes and addons",
		Long: `Turn up a cluster: provision machines, bootstrap them into nodes, deploy the
addon manager with the addon tree, and wait until every node is ready, every
addon is healthy and DNS answers.

Without a config everything has a default. A second run changes nothing; an
interrupted one is resumed by running it again.`,
		Example: `  # A cluster named demo on this computer: one control plane, two workers
  kubectl turnup create

  # Another name and size
  kubectl turnup create staging --set provision.workers=1 --set provision.local.subnet=172.31.0.0/24

  # Without any registry
  kubectl turnup create --bundle .cache/bundle`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.wanted(f, args)
			if err != nil {
				return err
			}
			return t.Create(cmd.Context())
		},
	}
	f.addConfig(cmd)
	f.addTerraform(cmd)
	f.addKubeconfig(cmd)
	f.addYes(cmd)
	return cmd
}
