package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
)

func (a *app) addonsHook(f *addonsFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "hook",
		GroupID: "begin",
		Short:   "Push the tree after every commit: install, remove, print",
		Long: `A post-commit hook in the repository of the addon tree, which pushes the tree
after every commit. It runs in the foreground for at most 15 s, and whatever
comes of it, the commit stands. During a rebase it does nothing.

A hook that is there already stays: ours is a marked block at its end.`,
		Example: `  kubectl turnup addons hook install
  kubectl turnup addons hook remove`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	verb := func(use, short string, do func(h addons.Hook) error) *cobra.Command {
		return &cobra.Command{
			Use: use, Short: short, Args: cobra.NoArgs,
			Example: "  kubectl turnup addons hook " + use,
			RunE: func(cmd *cobra.Command, _ []string) error {
				m, err := a.manager(f, nil)
				if err != nil {
					return err
				}
				h, err := m.Hook(cmd.Context(), plugin())
				if err != nil {
					return err
				}
				return do(h)
			},
		}
	}
	say := func(format string, args ...any) error {
		_, err := fmt.Fprintf(a.streams.Out, format, args...)
		return err
	}
	cmd.AddCommand(
		verb("install", "Install the hook, or bring it up to date", func(h addons.Hook) error {
			if err := h.Install(); err != nil {
				return err
			}
			return say("%s installed\n", h.Path)
		}),
		verb("remove", "Remove the hook, and only what is ours of it", func(h addons.Hook) error {
			removed, err := h.Remove()
			if err != nil {
				return err
			}
			if !removed {
				return say("%s not installed\n", h.Path)
			}
			return say("%s removed\n", h.Path)
		}),
		verb("print", "Print the hook, to be put elsewhere by hand", func(h addons.Hook) error {
			return say("%s", h.Script())
		}),
	)
	return cmd
}
