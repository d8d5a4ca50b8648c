package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
)

func (a *app) addonsTree(f *addonsFlags) *cobra.Command {
	var output outputFlag
	cmd := &cobra.Command{
		Use:     "tree [ADDON...]",
		GroupID: "look",
		Short:   "Show addons, their objects, and how those are now",
		Long: `Show addons and the objects they own: the file that declares each, and its
health, read from the cluster at this moment. What the manager has to say of an
object is below it.`,
		Example: `  kubectl turnup addons tree
  kubectl turnup addons tree coredns -o yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := a.manager(f, nil)
			if err != nil {
				return err
			}
			tree, err := m.Tree(cmd.Context(), args)
			if err != nil {
				return err
			}
			return output.print(a.streams.Out, tree, func(w io.Writer) error { return drawTree(w, tree) })
		},
	}
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	return cmd
}

// drawTree writes the addons with their objects below them, in columns.
func drawTree(w io.Writer, tree addons.AddonTree) error {
	var b strings.Builder
	for _, addon := range tree.Addons {
		fmt.Fprintf(&b, "%s  ready %s  %s", addon.Name, orNone(addon.Ready), orNone(addons.Short(addon.Revision)))
		if addon.Message != "" {
			fmt.Fprintf(&b, "  %s", oneLine(addon.Message))
		}
		b.WriteString("\n")
		kind, name := 0, 0
		for _, o := range addon.Objects {
			kind, name = max(kind, len(o.String())), max(name, len(o.Health))
		}
		for i, o := range addon.Objects {
			branch, below := "├─", "│ "
			if i == len(addon.Objects)-1 {
				branch, below = "└─", "  "
			}
			line := fmt.Sprintf("%s %-*s  %-*s  %s", branch, kind, o.String(), name, o.Health, orNone(o.File))
			b.WriteString(line + "\n")
			if o.Message != "" {
				fmt.Fprintf(&b, "%s   %s\n", below, oneLine(o.Message))
			}
			for _, failure := range o.Failures {
				if failure.Message != o.Message {
					fmt.Fprintf(&b, "%s   %s: %s\n", below, failure.Reason, oneLine(failure.Message))
				}
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
