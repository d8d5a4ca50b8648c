package cli

import "github.com/spf13/cobra"

func (a *app) addonsApprove(f *addonsFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "approve [ADDON...]",
		GroupID: "change",
		Short:   "Let deletions go on that wait for a person",
		Long: `Let deletions go on that the addon manager does not do on its own: more than the
prune budget, or namespaces, definitions and volumes. It shows them, and asks.
What is approved is just that: if more comes to it, it waits again.`,
		Example: `  kubectl turnup addons approve
  kubectl turnup addons approve monitoring --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := a.manager(f, nil)
			if err != nil {
				return err
			}
			done, err := m.Approve(cmd.Context(), args)
			if err != nil {
				return err
			}
			return a.verbed(done, "approved")
		},
	}
	cmd.Flags().Bool("yes", false, "Do not ask for confirmation")
	return cmd
}
