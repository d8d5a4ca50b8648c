package cli

import (
	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
)

func (a *app) addonsLogs(f *addonsFlags) *cobra.Command {
	var l addons.Logging
	cmd := &cobra.Command{
		Use:     "logs [ADDON]",
		GroupID: "look",
		Short:   "Print the log of the addon manager that acts now",
		Long:    `Print the log of the addon manager that acts now, or those of its lines that speak of one addon.`,
		Example: `  kubectl turnup addons logs --since 10m
  kubectl turnup addons logs coredns -f`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				l.Addon = args[0]
			}
			m, err := a.manager(f, nil)
			if err != nil {
				return err
			}
			return m.Logs(cmd.Context(), l, a.streams.Out)
		},
	}
	cmd.Flags().BoolVarP(&l.Follow, "follow", "f", false, "Go on with what is logged from now on")
	cmd.Flags().DurationVar(&l.Since, "since", 0, "Only what is younger than a `TIME`, like 10m")
	return cmd
}
