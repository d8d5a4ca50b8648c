package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
)

func (a *app) addonsDiff(f *addonsFlags) *cobra.Command {
	var output outputFlag
	var d addons.Diffing
	cmd := &cobra.Command{
		Use:     "diff [ADDON...]",
		GroupID: "look",
		Short:   "Show what the tree on disk would change in the cluster",
		Long: `Show what the addon tree, as it is on disk, would change in the cluster: new,
changed, moved and deleted objects. The tree is built here, and each object is
sent to the API server as a dry run; nothing is written. The values of Secrets
are masked.

Exit codes: 0 nothing would change, 1 something would, 2 not comparable.`,
		Example: `  kubectl turnup addons diff
  kubectl turnup addons diff coredns
  kubectl turnup addons diff --revision 6f2b3c1d0e9f`,
		RunE: func(cmd *cobra.Command, args []string) error {
			d.Names = args
			m, err := a.manager(f, nil)
			if err != nil {
				return coded{err, exitDiffTrouble}
			}
			diff, trouble := m.Diff(cmd.Context(), d)
			if trouble != nil && len(diff.Changes) == 0 {
				return coded{trouble, exitDiffTrouble}
			}
			err = output.print(a.streams.Out, diff, func(w io.Writer) error { return diffText(w, diff) })
			switch {
			case trouble != nil || err != nil:
				return coded{errors.Join(trouble, err), exitDiffTrouble}
			case !diff.Empty():
				return exitStatus(1)
			}
			return nil
		},
	}
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	cmd.Flags().StringVar(&d.Revision, "revision", "", "Compare a `REVISION` that the cluster keeps instead of the tree on disk")
	return cmd
}

// diffText writes the changes so that patch tools can read them, too: what is
// not part of a diff begins with #.
func diffText(w io.Writer, diff addons.AddonDiff) error {
	for _, change := range diff.Changes {
		head := fmt.Sprintf("# addon %s: %s %s", change.Addon, change.Ref, change.What)
		if change.From != "" {
			head += " from addon " + change.From
		}
		if _, err := fmt.Fprintf(w, "%s\n%s", head, change.Diff); err != nil {
			return err
		}
	}
	return nil
}
