package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/internal/config"
)

func (a *app) configShow() *cobra.Command {
	var f configFlags
	var output outputFlag
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print every symbol that applies, its value, and whether it is the default",
		Example: `  kubectl turnup config show

  # What would it be on AWS?
  kubectl turnup config show --set provision.platform=aws -o json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			file, err := a.openConfig(f)
			if err != nil {
				return err
			}
			return output.print(a.streams.Out, json.RawMessage(config.Write(file.Config, "")), func(w io.Writer) error {
				return columns(w, showRows(file)...)
			})
		},
	}
	f.add(cmd)
	f.addSet(cmd)
	cmd.Flags().VarP(&output, "output", "o", "Output format: json or yaml (default: a table)")
	return cmd
}

func showRows(file *config.File) [][]string {
	rows := [][]string{{"SYMBOL", "VALUE", "FROM"}}
	for _, f := range config.Fields() {
		if !config.Visible(file.Config, f) {
			continue
		}
		// A saved file says everything, so what it merely repeats is no news.
		value, from := config.Value(file.Config, f), "default"
		if value != config.DefaultOf(file.Config, f) {
			from = "user"
		}
		rows = append(rows, []string{f.Path, value, from})
	}
	return rows
}

func (a *app) configGet() *cobra.Command {
	var f configFlags
	var output string
	cmd := &cobra.Command{
		Use:   "get SYMBOL...",
		Short: "Print the values of symbols",
		Long: `Print the values of symbols, one per line. A group, provision for instance, and
everything with -o json, is printed as JSON.`,
		Example: `  kubectl turnup config get cluster.name
  kubectl turnup config get provision`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeSymbols,
		RunE: func(_ *cobra.Command, args []string) error {
			if output != "" && output != "json" {
				return fmt.Errorf("--output %q is not known: want json", output)
			}
			file, err := a.openConfig(f)
			if err != nil {
				return err
			}
			for _, path := range args {
				text, err := file.Get(path, output == "json")
				if err != nil {
					return err
				}
				fmt.Fprintln(a.streams.Out, strings.TrimRight(text, "\n"))
			}
			return nil
		},
	}
	f.add(cmd)
	f.addSet(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "Output format: json")
	return cmd
}

func (a *app) configSet() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use:   "set SYMBOL=VALUE...",
		Short: "Set symbols and write the config",
		Long: `Set symbols and write the config. Settings that no longer apply, those of another
platform for instance, are left out of the file. An empty value is SYMBOL=.`,
		Example:           `  kubectl turnup config set cluster.name=staging provision.workers=5`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeAssignments,
		RunE: func(_ *cobra.Command, args []string) error {
			f.set = args
			file, err := a.editConfig(f)
			if err != nil {
				return err
			}
			return a.finish(file)
		},
	}
	f.add(cmd)
	return cmd
}

func completeSymbols(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, f := range config.Fields() {
		words = append(words, f.Path+"\t"+f.Prompt())
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

func completeAssignments(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	var words []string
	if path, _, ok := strings.Cut(typed, "="); ok {
		for _, value := range config.Values(path) {
			words = append(words, path+"="+value)
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
	for _, f := range config.Fields() {
		words = append(words, f.Path+"=\t"+f.Prompt())
	}
	return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
