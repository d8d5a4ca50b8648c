package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/internal/ui"
)

func (a *app) addonsReconcile(f *addonsFlags) *cobra.Command {
	var w waitFlags
	cmd := &cobra.Command{
		Use:     "reconcile [ADDON...]",
		GroupID: "steer",
		Short:   "Have the manager look at once instead of when it is time",
		Long: `Have the manager look at the source at once; with names, at those addons. It does
so on its own, too: this only saves waiting for the next poll or retry.`,
		Example: `  kubectl turnup addons reconcile --wait
  kubectl turnup addons reconcile coredns`,
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := a.manager(f, nil)
			if err != nil {
				return err
			}
			done, err := m.Reconcile(cmd.Context(), args, w.wait, w.timeout)
			if err != nil {
				return err
			}
			return a.verbed(done, "reconciling")
		},
	}
	w.add(cmd)
	return cmd
}

func (a *app) addonsSuspend(f *addonsFlags) *cobra.Command {
	return a.suspending(f, true, &cobra.Command{
		Use:     "suspend [ADDON...]",
		GroupID: "steer",
		Short:   "Stop following the source, or leave addons alone",
		Long: `Without a name: stop following the source. The revision in force stays in force,
and what drifts from it is undone as ever; newer revisions wait.

With names, or --all: leave those addons alone. Nothing of them is applied,
repaired or deleted, whatever the tree says, until they are resumed.`,
		Example: `  kubectl turnup addons suspend
  kubectl turnup addons suspend coredns`,
	})
}

func (a *app) addonsResume(f *addonsFlags) *cobra.Command {
	return a.suspending(f, false, &cobra.Command{
		Use:     "resume [ADDON...]",
		GroupID: "steer",
		Short:   "Undo suspend",
		Long: `Without a name: follow the source again, from its newest revision. With names, or
--all: make those addons true to the tree again, and undo what drifted meanwhile.`,
		Example: `  kubectl turnup addons resume
  kubectl turnup addons resume --all`,
	})
}

func (a *app) suspending(f *addonsFlags, suspended bool, cmd *cobra.Command) *cobra.Command {
	var all bool
	verb := "suspended"
	if !suspended {
		verb = "resumed"
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if all && len(args) > 0 {
			return ui.Hint(errors.New("--all means every addon, and names mean some"), "give one of the two")
		}
		m, err := a.manager(f, nil)
		if err != nil {
			return err
		}
		done, err := m.Suspend(cmd.Context(), args, all, suspended)
		if err != nil {
			return err
		}
		return a.verbed(done, verb)
	}
	cmd.Flags().BoolVar(&all, "all", false, "Every addon, instead of the source")
	return cmd
}
