package cli

import (
	"io"

	"github.com/spf13/cobra"
)

func (a *app) addons() *cobra.Command {
	var f clusterFlags
	var output outputFlag
	list := func(cmd *cobra.Command, args []string) error {
		t, err := a.existing(f, args)
		if err != nil {
			return err
		}
		addons, err := t.Addons(cmd.Context())
		if err != nil {
			return err
		}
		return output.print(a.streams.Out, addons, func(w io.Writer) error { return addonTable(w, addons) })
	}
	cmd := &cobra.Command{
		Use:     "addons",
		GroupID: "phase",
		Short:   "Phase 3: keep what runs on the cluster true to the addon tree",
		Long: `Phase 3: the addon manager in the cluster builds and applies the addon tree, and
undoes what drifts from it. Edit the tree, commit, and push it.

Without a verb, list the addons.`,
		Example: `  kubectl turnup addons
  git commit -am "More CoreDNS" && kubectl turnup addons push`,
		Args: cobra.NoArgs,
		RunE: list,
	}
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	listCmd := &cobra.Command{
		Use: "list [NAME]", Short: "List the addons and how they are",
		Example: `  kubectl turnup addons list -o json`,
		Args:    oneName, RunE: list,
	}
	listCmd.Flags().VarP(&output, "output", "o", "Output format")
	cmd.AddCommand(listCmd, a.addonsPush(), a.addonsDeploy())
	return cmd
}

func (a *app) addonsPush() *cobra.Command {
	var f clusterFlags
	var dirty, wait bool
	cmd := &cobra.Command{
		Use:   "push [NAME]",
		Short: "Ship the committed addon tree into the cluster",
		Long: `Ship the committed addon tree into the cluster, where the addon manager applies
it. What is not committed is not shipped: with uncommitted changes this is
refused, unless --dirty says to ship the files as they are.`,
		Example: `  kubectl turnup addons push
  kubectl turnup addons push --dirty --wait`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.existing(f, args)
			if err != nil {
				return err
			}
			return t.Push(cmd.Context(), dirty, wait)
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "Wait until every addon is healthy")
	cmd.Flags().BoolVar(&dirty, "dirty", false, "Ship the files as they are on disk, committed or not")
	return cmd
}

func (a *app) addonsDeploy() *cobra.Command {
	var f clusterFlags
	return &cobra.Command{
		Use:     "deploy [NAME]",
		Short:   "Deploy the addon manager, push the tree, and wait until all is healthy",
		Example: `  kubectl turnup addons deploy`,
		Args:    oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.existing(f, args)
			if err != nil {
				return err
			}
			unlock, err := t.Home.Lock()
			if err != nil {
				return err
			}
			defer unlock()
			return t.DeployAddons(cmd.Context())
		},
	}
}
