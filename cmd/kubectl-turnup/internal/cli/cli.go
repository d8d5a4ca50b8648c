// Package cli is the command line: one file per verb, flags and words only.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Streams are where a command reads and writes. Results go to Out, progress and
// errors to Err.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// Build says what program this is.
type Build struct{ Version, Commit string }

// The exit codes, as `kubectl turnup --help` states them.
const (
	exitError       = 1
	exitTimeout     = 124
	exitInterrupted = 130
)

// Run runs the program and returns its exit code.
func Run(ctx context.Context, streams Streams, args []string, build Build) int {
	app := &app{streams: streams, build: build}
	root := app.root(args[0])
	root.SetArgs(words(args))
	cmd, err := root.ExecuteContextC(ctx)
	err = suggest(err)
	for _, end := range app.closers {
		defer func() { _ = end() }()
	}
	if app.out != nil {
		defer app.out.Close()
	}
	if err == nil {
		return 0
	}
	if app.out == nil {
		app.out = ui.New(streams.Err, ui.Options{})
		if ui.HintOf(err) == "" { // the words were not understood, no verb has begun
			err = ui.Hint(err, "`%s --help` shows how it is used", cmd.CommandPath())
		}
	}
	var status exitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	code := exitCode(ctx, err)
	app.out.Error(wayOut(code, err))
	return code
}

// Command is the whole command line, for the pages that are written from it.
func Command() *cobra.Command { return (&app{}).root("kubectl-turnup") }

// wayOut adds what the user can do to an error that does not say it itself.
func wayOut(code int, err error) error {
	switch {
	case code == exitInterrupted && !errors.Is(err, errInterrupted):
		return ui.Hint(errors.New("interrupted"), "run the same command again: it goes on where it was")
	case code == exitTimeout && ui.HintOf(err) == "":
		return ui.Hint(err, "`kubectl turnup status` shows what is missing; the same command again goes on where it was")
	}
	var request *url.Error
	if errors.As(err, &request) && ui.HintOf(err) == "" {
		return ui.Hint(err, "does its API server run? `kubectl turnup status` looks at a cluster of ours, `kubectl config view --minify` shows where a kubeconfig leads")
	}
	return err
}

// suggest turns cobra's suggestion, lines of its own, into a hint.
func suggest(err error) error {
	if err == nil {
		return nil
	}
	text, rest, ok := strings.Cut(err.Error(), "\n\nDid you mean this?\n")
	if !ok {
		return err
	}
	return ui.Hint(errors.New(text), "did you mean `%s`?", strings.Join(strings.Fields(rest), "`, `"))
}

// oneName lets a verb take the name of a cluster, or none.
func oneName(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("%s takes one NAME, and these are %d: %s", cmd.Name(), len(args), strings.Join(args, " "))
	}
	return nil
}

func exitCode(ctx context.Context, err error) int {
	var other coded
	switch {
	case ctx.Err() != nil, errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.As(err, &other):
		return other.code
	case errors.Is(err, context.DeadlineExceeded):
		return exitTimeout
	}
	return exitError
}

// errInterrupted is that of a person who left by Ctrl-C.
var errInterrupted = errors.New("interrupted")

// exitStatus ends a verb with a code and no message: its result says it all.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// coded is an error with an exit code of its own.
type coded struct {
	error
	code int
}

func (c coded) Unwrap() error { return c.error }

// app is what the verbs share.
type app struct {
	addonsOf *addonsFlags // those of the addons verbs, for what is completed
	streams  Streams
	build    Build
	global   globalFlags
	out      *ui.Output
	// closers end what the verb has opened.
	closers []func() error
}

type globalFlags struct {
	dir      string
	quiet    bool
	progress progressFlag
}

const description = `{concise, reliable, cross-platform} turnup of Kubernetes clusters.

A cluster is turned up in three phases, each a verb of its own: provision makes
machines, bootstrap makes them nodes, addons keeps what runs on them true.
create runs all three, and can be run again at any time.

Exit codes: 0 done, 1 failed, 124 timed out, 130 interrupted. Verbs that look
have more, which their help states.`

const examples = `  # A cluster on this computer, how it is, and its end
  kubectl turnup create
  kubectl turnup status
  kubectl turnup delete

  # Choose first: a wizard writes .config.json
  kubectl turnup config
  kubectl turnup create`

func (a *app) root(argv0 string) *cobra.Command {
	root := &cobra.Command{
		Use:           "kubectl-turnup",
		Short:         "Turn up a Kubernetes cluster and keep its addons applied",
		Long:          description,
		Example:       examples,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			yes, _ := cmd.Flags().GetBool("yes")
			a.out = ui.New(a.streams.Err, ui.Options{
				Format: ui.Format(a.global.progress), Quiet: a.global.quiet, Yes: yes, Stdin: a.streams.In,
			})
			return nil
		},
	}
	if strings.HasPrefix(filepath.Base(argv0), "kubectl-") {
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl turnup"}
	}
	root.SetIn(a.streams.In)
	root.SetOut(a.streams.Out)
	root.SetErr(a.streams.Err)
	root.SetHelpFunc(help)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return ui.Hint(err, "`%s --help` lists the flags", cmd.CommandPath())
	})
	flags := root.PersistentFlags()
	flags.StringVar(&a.global.dir, "dir", "clusters", "Directory that holds the clusters' directories")
	flags.BoolVarP(&a.global.quiet, "quiet", "q", false, "Say nothing but warnings and errors")
	a.global.progress = progressFlag(ui.Text)
	flags.Var(&a.global.progress, "progress", "How progress is written to stderr: text or json")
	root.AddGroup(
		&cobra.Group{ID: "cluster", Title: "The whole story:"},
		&cobra.Group{ID: "phase", Title: "One phase at a time:"},
	)
	root.AddCommand(
		a.config(), a.create(), a.delete(), a.status(), a.doctor(), a.supportBundle(), a.kubeconfig(),
		a.provision(), a.bootstrap(), a.addons(), a.machines(), a.token(), a.render(), a.images(),
		a.version(),
	)
	root.InitDefaultCompletionCmd()
	for _, verb := range root.Commands() {
		if verb.Name() == "completion" {
			verb.AddCommand(a.kubectlCompletion())
		}
	}
	a.complete(root)
	return root
}

// progressFlag is the --progress flag.
type progressFlag ui.Format

func (p *progressFlag) String() string { return string(*p) }
func (p *progressFlag) Type() string   { return "text|json" }
func (p *progressFlag) Set(value string) error {
	switch ui.Format(value) {
	case ui.Text, ui.JSON:
		*p = progressFlag(value)
		return nil
	}
	return errors.New("want text or json")
}

// clusterFlags say which cluster, and what it is to be like.
type clusterFlags struct {
	config     string
	set        []string
	bundle     string
	terraform  string
	kubeconfig string
	yes        bool
	acceptKeys bool
}

func (f *clusterFlags) addConfig(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.config, "config", "", "Cluster config, a JSON `FILE` or - for stdin (default: "+home.DefaultConfigFile+" if there is one)")
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "Set one symbol of the config: `SYMBOL=VALUE`, for instance provision.workers=3; repeatable")
	_ = cmd.RegisterFlagCompletionFunc("set", completeAssignments) // the flag is there
	cmd.Flags().StringVar(&f.bundle, "bundle", "", "Image bundle, an OCI layout `DIRECTORY`, from which the cluster is made without pulling")
}

func (f *clusterFlags) addTerraform(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.terraform, "terraform", "", "Terraform or OpenTofu `EXECUTABLE` (default: the one on the PATH)")
}

func (f *clusterFlags) addKubeconfig(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.kubeconfig, "kubeconfig", "", "Kubeconfig `FILE` whose contexts to change (default: as kubectl chooses it)")
}

func (f *clusterFlags) addYes(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.yes, "yes", false, "Do not ask for confirmation")
}

func (f *clusterFlags) addSSH(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.acceptKeys, "accept-host-keys", false, "Take the keys of SSH hosts that were never seen before without asking")
}

func (a *app) request(f clusterFlags, args []string) home.Request {
	req := home.Request{
		ConfigFile: f.config, Set: f.set, Bundle: f.bundle, Base: a.global.dir, Stdin: a.streams.In,
		Warn: a.out.Warnf,
	}
	if len(args) > 0 {
		req.Name = args[0]
	}
	return req
}

// wanted is the cluster that the config and the flags describe.
func (a *app) wanted(f clusterFlags, args []string) (*turnup.Turnup, error) {
	cfg, err := home.Resolve(a.request(f, args))
	if err != nil {
		return nil, err
	}
	dir, err := home.Of(a.global.dir, cfg.Cluster.Name).Absolute()
	if err != nil {
		return nil, err
	}
	return a.turnup(dir, cfg, f), nil
}

// existing is a cluster that has a directory already.
func (a *app) existing(f clusterFlags, args []string) (*turnup.Turnup, error) {
	return a.found(f, args, home.Find)
}

func (a *app) found(f clusterFlags, args []string, find func(home.Request) (home.Home, config.Cluster, error)) (*turnup.Turnup, error) {
	found, cfg, err := find(a.request(f, args))
	if err != nil {
		return nil, err
	}
	if found, err = found.Absolute(); err != nil {
		return nil, err
	}
	return a.turnup(found, cfg, f), nil
}

func (a *app) turnup(in home.Home, cfg config.Cluster, f clusterFlags) *turnup.Turnup {
	t := &turnup.Turnup{
		Home: in, Config: cfg, Out: a.out, Terraform: f.terraform, Kubeconfig: f.kubeconfig,
		AcceptHostKeys: f.acceptKeys,
	}
	a.closers = append(a.closers, t.Close)
	return t
}
