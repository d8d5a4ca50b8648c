package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/tree"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
)

func (a *app) addonsInit(f *addonsFlags) *cobra.Command {
	var how tree.Updating
	var config string
	var output outputFlag
	conflict := conflictFlag{&how.Conflict}
	cmd := &cobra.Command{
		Use:     "init",
		GroupID: "begin",
		Short:   "Write the addon tree, or bring it up to date with config and version",
		Long: `Write the addon tree that the config asks for, or bring the one that is there up
to date after a change of the config or a new version of turnup:

  * addons that are enabled now are added, files that you left alone are updated,
  * what you changed stays, and what changed on both sides is merged line by line,
  * what you deleted stays deleted,
  * an addon that is no longer enabled goes, unless you changed it.

Where you and the new version changed the same lines nothing is written; the
conflict is shown as a diff, and --conflict says what to do. cluster/values.yaml
is made from the config. What turnup wrote is recorded in .turnup inside the tree:
commit it together with the rest.

Without a config, for a cluster that turnup did not create, write a small example
that explains itself into a directory that is empty or not there. Outside git a
new tree becomes a repository of its own.

Exit codes: 0 done or nothing to do, 1 failed or a conflict.`,
		Example: `  kubectl turnup addons init
  kubectl turnup addons init --dry-run
  kubectl turnup addons init
  kubectl turnup addons init --tree ./addons`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			req := a.request(clusterFlags{config: config}, nil)
			req.Name = f.name
			update, err := turnup.InitTree(cmd.Context(), addons.Request{
				Request: req, Connection: f.connection(), Tree: f.tree, Out: a.out,
			}, how)
			if err != nil && !errors.Is(err, tree.ErrConflict) {
				return err
			}
			printed := output.print(a.streams.Out, update, func(w io.Writer) error { return treeUpdate(w, update, how.DryRun) })
			if err != nil || printed != nil {
				return errors.Join(err, printed)
			}
			switch {
			case how.DryRun:
				a.out.Hintf("nothing was written: this was a dry run")
			case update.New:
				a.out.Hintf("edit it, git commit, and `kubectl turnup addons push` ships it")
			case update.Changed():
				a.out.Hintf("`git diff` shows it; git commit, and `kubectl turnup addons push` ships it")
			default:
				a.out.Printf("The tree is up to date.")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&config, "config", "", "Cluster config, a JSON `FILE` or - for stdin (default: "+home.DefaultConfigFile+" if there is one, else the cluster's)")
	cmd.Flags().BoolVar(&how.DryRun, "dry-run", false, "Show what would be written, as diffs, and write nothing")
	cmd.Flags().Var(conflict, "conflict", "What to write where you and the new version changed the same lines (default: nothing at all)")
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	return cmd
}

// treeUpdate writes one line per file; diffs for what cannot be or is not written.
func treeUpdate(w io.Writer, update tree.Updated, dry bool) error {
	if update.New && !dry {
		_, err := fmt.Fprintln(w, update.Tree)
		return err
	}
	for _, f := range update.Files {
		diff := ""
		if dry || f.Change == "conflict" {
			diff = f.Diff
		}
		if _, err := fmt.Fprintf(w, "%s %s\n%s", f.File, f.Change, diff); err != nil {
			return err
		}
	}
	return nil
}

// conflictFlag is --conflict.
type conflictFlag struct{ value *string }

func (c conflictFlag) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}
func (c conflictFlag) Type() string { return "mine|theirs|markers" }
func (c conflictFlag) Set(value string) error {
	switch value {
	case tree.Mine, tree.Theirs, tree.Markers:
		*c.value = value
		return nil
	}
	return errors.New("want mine, theirs or markers")
}
