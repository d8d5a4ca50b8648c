package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// completer is the name under which kubectl looks for a program that completes
// the words behind `kubectl turnup`:
// https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/#shell-completion
const completer = "kubectl_complete-turnup"

// askBudget is how long a shell waits for what only a cluster can tell.
const askBudget = 500 * time.Millisecond

// words are the arguments of the program. Under the completer's name they are
// those that somebody has typed so far.
func words(args []string) []string {
	if strings.HasPrefix(filepath.Base(args[0]), "kubectl_complete-") {
		return append([]string{cobra.ShellCompRequestCmd}, args[1:]...)
	}
	return args[1:]
}

// complete has every verb below cmd offer what its usage says that it takes.
func (a *app) complete(cmd *cobra.Command) {
	for _, verb := range cmd.Commands() {
		a.complete(verb)
	}
	offers := map[string]func(context.Context, *cobra.Command) []string{
		"NAME": a.clusterNames, "ADDON": a.addonNames, "REVISION": a.revisions, "MACHINE": a.machineNames,
	}
	_, usage, _ := strings.Cut(cmd.Use, " ")
	word := strings.Trim(strings.Fields(usage + " -")[0], "[].")
	offer, ok := offers[word]
	if !ok || cmd.ValidArgsFunction != nil {
		return
	}
	several := strings.Contains(usage, "...")
	cmd.ValidArgsFunction = func(cmd *cobra.Command, typed []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(typed) > 0 && !several {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(context.Background(), askBudget)
		defer cancel()
		a.out = ui.New(io.Discard, ui.Options{})
		list := slices.DeleteFunc(offer(ctx, cmd), func(name string) bool { return slices.Contains(typed, name) })
		return list, cobra.ShellCompDirectiveNoFileComp
	}
}

// What cannot be found out is not offered; a shell has no place for an error.

func (a *app) clusterNames(context.Context, *cobra.Command) []string {
	names, _ := home.List(a.global.dir)
	return names
}

func (a *app) machineNames(_ context.Context, cmd *cobra.Command) []string {
	name, _ := cmd.Flags().GetString("name")
	return home.MachineNames(home.Request{Name: name, Base: a.global.dir})
}

func (a *app) addonNames(_ context.Context, _ *cobra.Command) []string {
	to, err := a.manager(a.addonsOf, nil)
	if err != nil {
		return nil
	}
	return to.Names()
}

func (a *app) revisions(ctx context.Context, cmd *cobra.Command) []string {
	to, err := a.manager(a.addonsOf, nil)
	if err != nil {
		return nil
	}
	list, _ := to.Revisions(ctx)
	var names []string
	for _, r := range list.Items {
		names = append(names, r.Revision+"\t"+r.Message)
	}
	return names
}

// kubectlCompletion is below cobra's own `completion`, which knows the shells.
func (a *app) kubectlCompletion() *cobra.Command {
	var install bool
	var dir string
	cmd := &cobra.Command{
		Use:   "kubectl",
		Short: "Make kubectl complete `kubectl turnup <TAB>`",
		Long: `Make kubectl complete what comes behind ` + "`kubectl turnup`" + `. kubectl (1.26 or newer,
with its own completion set up) asks a program named ` + completer + `
on the PATH; it is this one under another name.

Without --install, print the command that links it.`,
		Example: `  kubectl turnup completion kubectl
  kubectl turnup completion kubectl --install`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			program, err := os.Executable()
			if err != nil {
				return fmt.Errorf("find this program: %w", err)
			}
			if dir == "" {
				if dir, err = pluginDir(program, os.Getenv("PATH")); err != nil {
					return err
				}
			}
			link := filepath.Join(dir, completer)
			if runtime.GOOS == "windows" {
				link += ".exe"
			}
			if !install {
				_, err := fmt.Fprintf(a.streams.Out, "ln -sf %q %q\n", program, link)
				return err
			}
			if err := relink(program, link); err != nil {
				return ui.Hint(fmt.Errorf("install the completer: %w", err), "choose a directory on the PATH that you may write to, with --dir-to")
			}
			_, err = fmt.Fprintln(a.streams.Out, link)
			return err
		},
	}
	cmd.Flags().BoolVar(&install, "install", false, "Make the link")
	cmd.Flags().StringVar(&dir, "dir-to", "", "`DIRECTORY` to link it in (default: where kubectl finds the plugin)")
	return cmd
}

// pluginDir is the first directory of a PATH in which the plugin is: it, or a
// link to it. There kubectl finds the completer as well.
func pluginDir(program, path string) (string, error) {
	own, err := os.Stat(program)
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	for _, dir := range filepath.SplitList(path) {
		for _, name := range []string{"kubectl-turnup", "kubectl-turnup.exe"} {
			if info, err := os.Stat(filepath.Join(dir, name)); err == nil && os.SameFile(info, own) {
				return dir, nil
			}
		}
	}
	return "", ui.Hint(errors.New("install the completer: the plugin itself is not on the PATH"),
		"put %s on the PATH as kubectl-turnup, or choose a directory with --dir-to", program)
}

// relink makes a link to a program, or makes it anew. What is no link of
// ours stays.
func relink(program, link string) error {
	if info, err := os.Lstat(link); err == nil {
		if info.Mode()&os.ModeSymlink == 0 {
			return fmt.Errorf("%s is there, and no link", link)
		}
		if err := os.Remove(link); err != nil {
			return err
		}
	}
	return os.Symlink(program, link)
}
