package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) addonsInit(f *addonsFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "init",
		GroupID: "begin",
		Short:   "Write an addon tree where there is none",
		Long: `Write an addon tree into a directory that is empty or not there: for a cluster of
ours the addons that its config enables, for any other a small example that
explains itself. Outside git it becomes a repository of its own.`,
		Example: `  kubectl turnup addons init --tree ./addons`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := a.manager(f, nil)
			if err != nil {
				return err
			}
			tree, err := m.Init(cmd.Context())
			if err != nil {
				return err
			}
			a.out.Hintf("edit it, git commit, and `kubectl turnup addons push` ships it")
			_, err = fmt.Fprintln(a.streams.Out, tree.Dir)
			return err
		},
	}
}
