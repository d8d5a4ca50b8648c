package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
)

func (a *app) addonsPush(f *addonsFlags) *cobra.Command {
	var p addons.Pushing
	var output outputFlag
	cmd := &cobra.Command{
		Use:     "push [NAME]",
		GroupID: "change",
		Short:   "Ship the committed addon tree into the cluster",
		Long: `Ship the committed addon tree into the cluster, where the addon manager applies
it. What is not committed is not shipped: with uncommitted changes this is
refused, unless --dirty says to ship the files as they are.`,
		Example: `  kubectl turnup addons push
  kubectl turnup addons push --dirty --wait`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := a.manager(f, args)
			if err != nil {
				return err
			}
			pushed, err := m.Push(cmd.Context(), p)
			if err != nil {
				return err
			}
			return output.print(a.streams.Out, pushed, func(w io.Writer) error {
				verb := "pushed"
				if !pushed.Changed {
					verb = "unchanged"
				}
				_, err := fmt.Fprintf(w, "revision/%s %s\n", addons.Short(pushed.Revision), verb)
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&p.Wait, "wait", false, "Wait until every addon is healthy")
	cmd.Flags().BoolVar(&p.Dirty, "dirty", false, "Ship the files as they are on disk, committed or not")
	cmd.Flags().BoolVar(&p.Force, "force", false, "Push although the cluster follows a git repository")
	cmd.Flags().DurationVar(&p.Timeout, "timeout", 0, "Longest `TIME` that all of it may take")
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	return cmd
}
