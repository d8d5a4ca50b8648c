package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/internal/config"
)

// exitDiffTrouble is what diff ends with when it cannot compare.
const exitDiffTrouble = 2

func (a *app) configDiff() *cobra.Command {
	var f configFlags
	var output outputFlag
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Print the symbols that differ between two configs",
		Long: `Print the symbols that differ between two configs, by what they mean: a value that
is left out and one that is written are the same if they are equal.

Exit codes: 0 the same, 1 different, 2 not comparable.`,
		Example: `  kubectl turnup config diff .config.json clusters/demo/config.json
  kubectl turnup config show -o json | kubectl turnup config diff staging.json -`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			var files [2]*config.File
			for i, name := range args {
				var err error
				f.file = name
				if files[i], err = a.openConfig(f); err != nil {
					return coded{err, exitDiffTrouble}
				}
			}
			differences := config.Diff(files[0].Config, files[1].Config)
			err := output.print(a.streams.Out, differences, func(w io.Writer) error { return diffTable(w, differences) })
			if err != nil {
				return coded{err, exitDiffTrouble}
			}
			if len(differences) > 0 {
				return exitStatus(1)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&f.lenient, "lenient", false, "Warn of wrong values instead of refusing: clamp numbers, leave out the rest")
	cmd.Flags().VarP(&output, "output", "o", "Output format: json or yaml (default: one line per symbol)")
	return cmd
}

func diffTable(w io.Writer, differences []config.Difference) error {
	for _, d := range differences {
		var line string
		switch {
		case d.A == nil:
			line = fmt.Sprintf("+ %s = %v", d.Path, config.JSON(d.B))
		case d.B == nil:
			line = fmt.Sprintf("- %s = %v", d.Path, config.JSON(d.A))
		default:
			line = fmt.Sprintf("  %s = %v → %v", d.Path, config.JSON(d.A), config.JSON(d.B))
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
