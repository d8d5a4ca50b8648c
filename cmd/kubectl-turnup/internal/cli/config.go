package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/config/ask"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/internal/wizard"
)

// configFlags say which config a verb is about.
type configFlags struct {
	file    string
	set     []string
	lenient bool
}

func (f *configFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "config", "", "Cluster config, a JSON `FILE`, or - for stdin and stdout (default: "+config.DefaultPath+")")
	cmd.Flags().BoolVar(&f.lenient, "lenient", false, "Warn of wrong values instead of refusing: clamp numbers, leave out the rest")
}

func (f *configFlags) addSet(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "Set one symbol: `SYMBOL=VALUE`, for instance provision.workers=3; repeatable")
	_ = cmd.RegisterFlagCompletionFunc("set", completeAssignments) // the flag is there
}

func (a *app) config() *cobra.Command {
	var f configFlags
	var from string
	var defaults, plain bool
	cmd := &cobra.Command{
		Use:     "config",
		GroupID: "cluster",
		Short:   "Write the cluster config, with a wizard",
		Long: `Write the cluster config, .config.json, with a wizard: menus of everything that
can be configured, with help, legal values and search.

Without a terminal, or with --plain, the same questions are asked line by line;
when the input ends, what was not answered keeps its value. With --set, --from,
--defaults or --config - nothing is asked unless --plain says so.`,
		Example: `  # The menus
  kubectl turnup config

  # From a script
  kubectl turnup config --set provision.workers=5 --set network.proxy_mode=nftables

  # All defaults, into another file
  kubectl turnup config --defaults --config staging.json

  # Why is this so?
  kubectl turnup config explain network.provider`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if plain && (f.file == "-" || from == "-") {
				return ui.Hint(errors.New("--plain reads answers from stdin, and the config is to come from there, too"),
					"name the config's file, or leave out --plain")
			}
			file, err := a.startConfig(f, from, defaults)
			if err != nil {
				return err
			}
			scripted := from != "" || f.file == "-" || defaults || len(f.set) > 0
			switch {
			case scripted && !plain:
				return a.finish(file)
			case plain || wizard.Supported(a.streams.In, a.streams.Out, os.Getenv) != nil:
				return a.interview(cmd.Context(), file)
			}
			return a.wizard(cmd.Context(), file)
		},
	}
	f.add(cmd)
	f.addSet(cmd)
	cmd.Flags().StringVar(&from, "from", "", "Start from the config in another `FILE`, or - for stdin")
	cmd.Flags().BoolVar(&defaults, "defaults", false, "Start from the defaults, not from what the file says")
	cmd.Flags().BoolVar(&plain, "plain", false, "Ask line by line instead of showing menus")
	cmd.MarkFlagsMutuallyExclusive("from", "defaults")
	cmd.AddCommand(
		a.configShow(), a.configGet(), a.configSet(), a.configExplain(), a.configDiff(), a.configCheck(),
		a.configMinimize(), a.configSchema(), a.configImport(), a.configExport(),
	)
	return cmd
}

// openConfig reads the config that a verb is about, and applies --set.
func (a *app) openConfig(f configFlags) (*config.File, error) {
	file, err := config.Open(f.file, a.streams.In, config.Strictness(f.lenient))
	return a.opened(file, err, f)
}

// editConfig is openConfig for a verb that makes the file if it is not there.
func (a *app) editConfig(f configFlags) (*config.File, error) {
	file, err := config.OpenOrNew(f.file, a.streams.In, config.Strictness(f.lenient))
	return a.opened(file, err, f)
}

func (a *app) opened(file *config.File, err error, f configFlags) (*config.File, error) {
	if err != nil {
		var problems config.Problems
		if errors.As(err, &problems) && problems[0].Path != "" && !f.lenient {
			err = ui.Hint(err, "--lenient takes what is right of it; `kubectl turnup config explain SYMBOL` says what a symbol takes")
		}
		return nil, err
	}
	for _, warning := range file.Warnings {
		a.out.Warnf("%s", warning)
	}
	return file, config.SetAll(file.Config, f.set...)
}

// startConfig is what the questions start from.
func (a *app) startConfig(f configFlags, from string, defaults bool) (*config.File, error) {
	if from == "" && !defaults {
		return a.editConfig(f)
	}
	file, err := &config.File{Document: config.Document{Config: config.New()}}, error(nil)
	if from != "" {
		file, err = config.Open(from, a.streams.In, config.Strictness(f.lenient))
	}
	if file, err = a.opened(file, err, f); err != nil {
		return nil, err
	}
	return file, file.Into(f.file)
}

func (a *app) interview(ctx context.Context, file *config.File) error {
	before := config.Write(file.Config, "")
	questions := ask.Interview{Config: file.Config, In: a.streams.In, Out: a.streams.Err, Echo: !isTerminal(a.streams.In)}
	if err := questions.Run(ctx); err != nil {
		if ctx.Err() == nil {
			return err
		}
		if !bytes.Equal(config.Write(file.Config, ""), before) {
			a.keepBeside(file)
		}
		return errInterrupted
	}
	return a.finish(file)
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// finish saves the config and says what comes next.
func (a *app) finish(file *config.File) error {
	if file.Name == config.Stdin {
		_, err := a.streams.Out.Write(config.Write(file.Config, file.Schema))
		return err
	}
	changed, err := file.Save()
	if err != nil {
		if errors.Is(err, config.ErrChanged) {
			a.keepBeside(file)
		}
		return err
	}
	a.saved(file, changed)
	return nil
}

func (a *app) saved(file *config.File, changed bool) {
	if !changed {
		a.out.Printf("%s says that already.", file.Name)
		return
	}
	a.out.Printf("Wrote %s: %s.", file.Name, summary(file))
	if err := home.HasCredentials(config.Of(file.Config)); err != nil {
		a.out.Warnf("kubectl turnup create will refuse this: %v", err)
		return
	}
	a.out.Hintf("`kubectl turnup create` makes the cluster")
}

// summary counts what a config decides.
func summary(file *config.File) string {
	all, own := 0, 0
	for _, f := range config.Fields() {
		if !config.Visible(file.Config, f) {
			continue
		}
		all++
		if config.Value(file.Config, f) != config.DefaultOf(file.Config, f) {
			own++
		}
	}
	return fmt.Sprintf("%d symbols, %d of them not at their default", all, own)
}

// keepBeside saves answers that cannot go into their file.
func (a *app) keepBeside(file *config.File) {
	name, err := file.SaveBeside()
	if err != nil {
		a.out.Warnf("your answers are lost: %v", err)
		return
	}
	a.out.Warnf("your answers are in %s; `kubectl turnup config --from %s` goes on with them", name, name)
}
