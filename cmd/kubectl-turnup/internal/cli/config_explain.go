package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/internal/config"
)

func (a *app) configExplain() *cobra.Command {
	var f configFlags
	var output outputFlag
	cmd := &cobra.Command{
		Use:   "explain SYMBOL",
		Short: "Say what a symbol is, its value, and why it is so",
		Long: `Say what a symbol is for, its value and where that comes from, what is legal, why
it applies or does not, and what depends on it.`,
		Example: `  kubectl turnup config explain network.provider
  kubectl turnup config explain provision.aws.region`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeSymbols,
		RunE: func(_ *cobra.Command, args []string) error {
			file, err := a.openConfig(f)
			if err != nil {
				return err
			}
			x, err := config.Explain(file.Config, args[0])
			if err != nil {
				return err
			}
			return output.print(a.streams.Out, x, func(w io.Writer) error {
				_, err := io.WriteString(w, explained(x, file))
				return err
			})
		},
	}
	f.add(cmd)
	f.addSet(cmd)
	cmd.Flags().VarP(&output, "output", "o", "Output format: json or yaml (default: text)")
	return cmd
}

func explained(x config.Explanation, file *config.File) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", x.Path, x.Prompt)
	if x.Help != "" {
		fmt.Fprintf(&b, "\n    %s\n", strings.ReplaceAll(indented(x.Help), "\n    \n", "\n\n"))
	}
	b.WriteByte('\n')
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-12s%s\n", label, text)
		}
	}
	if x.Applies {
		from := x.From
		if from == "user" {
			from = file.Name + " or --set"
		}
		line("value", fmt.Sprintf("%s, from %s", config.JSON(x.Value), from))
		line("default", config.JSON(x.Default))
	} else {
		line("value", "none: it does not apply")
	}
	line("legal", x.Legal)
	line("applies if", strings.Join(x.Conditions, "\n"+strings.Repeat(" ", 12)+"and "))
	if !x.Applies {
		line("", "")
		line("fails", strings.Join(x.Unmet, " and "))
	}
	line("defined", x.Place)
	for i, d := range x.Dependents {
		label := ""
		if i == 0 {
			label = "decides"
		}
		fmt.Fprintf(&b, "%-12s%s, by %q at %s\n", label, d.Path, d.Relation, d.Place)
	}
	return b.String()
}

func indented(text string) string {
	return strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
}
