package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/kconfig"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func (a *app) configCheck() *cobra.Command {
	var f configFlags
	var output outputFlag
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Say everything that is wrong with a config",
		Long: `Say everything that is wrong with a config: for each problem the place in the file,
the symbol, what is legal, and the line of the Kconfig file that says so.

Exit codes: 0 right, 1 wrong or unreadable.`,
		Example: `  kubectl turnup config check
  kubectl turnup config check staging.json -o json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				f.file = args[0]
			}
			file, err := config.Open(f.file, a.streams.In, config.Strictness(f.lenient))
			var problems config.Problems
			if err != nil && !errors.As(err, &problems) {
				return err
			}
			if output != "" {
				if err := output.print(a.streams.Out, append(config.Problems{}, problems...), nil); err != nil {
					return err
				}
			} else if len(problems) > 0 {
				fmt.Fprintln(a.streams.Out, problems)
			}
			if len(problems) > 0 {
				return exitStatus(exitError)
			}
			for _, warning := range file.Warnings {
				a.out.Warnf("%s", warning)
			}
			a.out.Printf("%s is right: %s.", file.Name, summary(file))
			return nil
		},
	}
	f.add(cmd)
	cmd.Flags().VarP(&output, "output", "o", "Output format: json or yaml (default: one line per problem)")
	return cmd
}

func (a *app) configMinimize() *cobra.Command {
	var f configFlags
	var inPlace bool
	cmd := &cobra.Command{
		Use:   "minimize",
		Short: "Print only what differs from the defaults",
		Long: `Print the config without everything that is at its default. It means the same, is
short to review, and follows when a later version changes a default.`,
		Example: `  kubectl turnup config minimize
  kubectl turnup config minimize --in-place`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			file, err := a.openConfig(f)
			if err != nil {
				return err
			}
			if !inPlace {
				_, err = a.streams.Out.Write(config.Minimal(file.Config, file.Schema))
				return err
			}
			if f.file == "-" {
				return errors.New("--in-place needs a file, and --config is stdin")
			}
			changed, err := file.SaveMinimal()
			if err == nil {
				a.saved(file, changed)
			}
			return err
		},
	}
	f.add(cmd)
	f.addSet(cmd)
	cmd.Flags().BoolVar(&inPlace, "in-place", false, "Write the file instead of printing")
	return cmd
}

func (a *app) configSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the config",
		Long: `Print the JSON Schema (2020-12) of the config. An editor that knows it completes
keys and explains them: name its file in the config as "$schema".`,
		Example: `  kubectl turnup config schema >config.schema.json`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(a.streams.Out, config.Schema())
			return err
		},
	}
}

func (a *app) configImport() *cobra.Command {
	var f configFlags
	var prefix string
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Write the config from a flat Kconfig file, such as kconfig-conf writes",
		Example: `  kconfig-mconf Kconfig
  kubectl turnup config import .config`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := a.readDotConfig(args[0], prefix, f.lenient)
			if err != nil {
				return err
			}
			file := &config.File{Document: config.Document{Config: c}}
			if err := file.Into(f.file); err != nil {
				return err
			}
			return a.finish(file)
		},
	}
	f.add(cmd)
	addPrefix(cmd, &prefix)
	return cmd
}

// maxFlatFile keeps a wrong path from filling the memory.
const maxFlatFile = 1 << 20

func (a *app) readDotConfig(name, prefix string, lenient bool) (*kconfig.Config, error) {
	in := a.streams.In
	if name != "-" {
		opened, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("import config: %w", err)
		}
		defer opened.Close()
		in = opened
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFlatFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("import config: %w", err)
	case len(data) > maxFlatFile:
		return nil, fmt.Errorf("import config: %s is larger than 1 MiB; is this a flat Kconfig file?", name)
	}
	c := config.New()
	problems, err := c.ReadDotConfig(bytes.NewReader(data), name, prefix)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 && !lenient {
		return nil, ui.Hint(problems, "--lenient takes what is right of it")
	}
	for _, p := range problems {
		a.out.Warnf("%s", p)
	}
	wrong := config.Settle(c, config.Strictness(lenient), func(p config.Problem) { a.out.Warnf("%s", p) })
	return c, wrong.OrNil()
}

func (a *app) configExport() *cobra.Command {
	var f configFlags
	var prefix string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print the config as a flat Kconfig file, such as kconfig-conf reads",
		Example: `  kubectl turnup config export >.config
  kconfig-mconf Kconfig`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			file, err := a.openConfig(f)
			if err != nil {
				return err
			}
			return file.Config.WriteDotConfig(a.streams.Out, prefix)
		},
	}
	f.add(cmd)
	f.addSet(cmd)
	addPrefix(cmd, &prefix)
	return cmd
}

func addPrefix(cmd *cobra.Command, prefix *string) {
	cmd.Flags().StringVar(prefix, "prefix", kconfig.Prefix, "What stands before names in the flat file")
}
