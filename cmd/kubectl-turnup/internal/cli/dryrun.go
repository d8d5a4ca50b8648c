package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
)

// exitChanges is that of --dry-run=server if there is something to do.
const exitChanges = 2

// dryRunFlag is --dry-run, in kubectl's words.
type dryRunFlag string

func (d *dryRunFlag) String() string { return string(*d) }
func (d *dryRunFlag) Type() string   { return "none|client|server" }
func (d *dryRunFlag) Set(value string) error {
	switch value {
	case "none", "client", "server":
		*d = dryRunFlag(value)
		return nil
	}
	return errors.New("want none, client or server")
}

func (d *dryRunFlag) add(cmd *cobra.Command) {
	*d = "none"
	cmd.Flags().Var(d, "dry-run", `"client" checks the config and says what would be done; "server" plans it with Terraform, and exits with 2 if there is something to do. Nothing is touched`)
	_ = cmd.RegisterFlagCompletionFunc("dry-run", cobra.FixedCompletions([]string{"none", "client", "server"}, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
}

// dryRun does what the flag asks for; false if it asks for nothing, and the verb is to run.
func (a *app) dryRun(ctx context.Context, d dryRunFlag, t *turnup.Turnup, done string) (bool, error) {
	name := "cluster/" + t.Config.Cluster.Name
	switch d {
	case "client":
		_, err := fmt.Fprintf(a.streams.Out, "%s\n%s %s (dry run)\n", strings.Join(t.Plan(), "\n"), name, done)
		return true, err
	case "server":
		changes, err := t.DryRun(ctx)
		if err != nil {
			return true, err
		}
		if !changes.Any() {
			_, err := fmt.Fprintf(a.streams.Out, "%s unchanged (server dry run)\n", name)
			return true, err
		}
		_, err = fmt.Fprintf(a.streams.Out, "%s: %s\n%s\n%s %s (server dry run)\n", name, changes, strings.Join(changes.Summary(), "\n"), name, done)
		return true, errors.Join(err, exitStatus(exitChanges))
	}
	return false, nil
}
