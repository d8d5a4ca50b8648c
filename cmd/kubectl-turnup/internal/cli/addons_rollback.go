package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
)

func (a *app) addonsRollback(f *addonsFlags) *cobra.Command {
	var output outputFlag
	var w waitFlags
	cmd := &cobra.Command{
		Use:     "rollback [REVISION]",
		GroupID: "change",
		Short:   "Make an earlier revision the one in force, or list them",
		Long: `Make a revision that the cluster keeps the one in force; its first characters are
enough. Without a REVISION, list those that are kept, the newest first.

The tree on disk and the repository stay as they are: the next push, or the next
commit, goes on from there. A git source is suspended, since its next look would
undo the rollback; resume follows it again.`,
		Example: `  kubectl turnup addons rollback
  kubectl turnup addons rollback 6f2b3c1d0e9f --wait`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := a.manager(f, nil)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				list, err := m.Revisions(cmd.Context())
				if err != nil {
					return err
				}
				return output.print(a.streams.Out, list, func(w io.Writer) error { return revisionTable(w, list, time.Now()) })
			}
			revision, err := m.Rollback(cmd.Context(), args[0], w.wait, w.timeout)
			if err != nil {
				return err
			}
			return output.print(a.streams.Out, revision, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "revision/%s in force\n", addons.Short(revision.Revision))
				return err
			})
		},
	}
	w.add(cmd)
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	return cmd
}

func revisionTable(w io.Writer, list addons.RevisionList, now time.Time) error {
	rows := [][]string{{"REVISION", "CURRENT", "AGE", "AUTHOR", "MESSAGE"}}
	for _, r := range list.Items {
		current := ""
		if r.Current {
			current = "*"
		}
		rows = append(rows, []string{addons.Short(r.Revision), current, addons.Age(r.Pushed, now), r.Author, oneLine(r.Message)})
	}
	for _, row := range rows[1:] {
		if row[1] == "" {
			row[1] = " "
		}
	}
	return columns(w, rows...)
}
