package cli

import "github.com/spf13/cobra"

func (a *app) create() *cobra.Command {
	var f clusterFlags
	var dry dryRunFlag
	cmd := &cobra.Command{
		Use:     "create [NAME]",
		GroupID: "cluster",
		Short:   "Turn up a cluster: machines, nodes and addons",
		Long: `Turn up a cluster: provision machines, bootstrap them into nodes, deploy the
addon manager with the addon tree, and wait until every node is ready, every
addon is healthy and DNS answers.

Without a config everything has a default. A second run changes nothing; an
interrupted one is resumed by running it again.

On a cloud, the plan is shown and wants a yes before anything is made or
changed; on this computer, before a machine is removed or replaced.

Exit codes: as those of kubectl turnup, and 2 if --dry-run=server found
something to do.`,
		Example: `  # A cluster named demo on this computer: one control plane, two workers
  kubectl turnup create

  # Another name and size
  kubectl turnup create staging --set provision.workers=1 --set provision.local.subnet=172.31.0.0/24

  # What would be made on AWS
  kubectl turnup create prod --set provision.platform=aws --dry-run=server

  # Without any registry
  kubectl turnup create --bundle .cache/bundle`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.wanted(f, args)
			if err != nil {
				return err
			}
			if dry, err := a.dryRun(cmd.Context(), dry, t, "created"); dry {
				return err
			}
			return t.Create(cmd.Context())
		},
	}
	f.addConfig(cmd)
	f.addTerraform(cmd)
	f.addKubeconfig(cmd)
	f.addSSH(cmd)
	f.addYes(cmd)
	dry.add(cmd)
	addTimeout(cmd)
	return cmd
}
