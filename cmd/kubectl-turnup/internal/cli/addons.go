package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// addonsFlags say which cluster's addons, and where their tree is.
type addonsFlags struct {
	connectionFlags
	name, tree string
}

func (a *app) addons() *cobra.Command {
	var f addonsFlags
	cmd := &cobra.Command{
		Use:     "addons",
		GroupID: "phase",
		Short:   "Phase 3: keep what runs on the cluster true to the addon tree",
		Long: `Phase 3: the addon manager in the cluster builds and applies the addon tree, and
undoes what drifts from it. Edit the tree, commit, and push it.

Which cluster: with --context, --kubeconfig or another flag of kubectl's that
leads to one, or where turnup has no record of a cluster (clusters/NAME), it is
the kubeconfig's, found as kubectl finds it. Else it is the recorded one; --name
says which, if there are several. Every verb says which cluster it is.

Without a verb, list the addons.`,
		Example: `  kubectl turnup addons
  git commit -am "More CoreDNS" && kubectl turnup addons push

  # A cluster that turnup did not create
  kubectl turnup addons deploy --context kind-kind --tree ./addons`,
		Args: cobra.NoArgs,
	}
	a.addonsOf = &f
	flags := cmd.PersistentFlags()
	flags.StringVar(&f.name, "name", "", "`NAME` of a cluster that turnup created")
	f.add(flags)
	flags.StringVar(&f.tree, "tree", "", "`DIRECTORY` of the addon tree (default: the config's addons.path, or ./addons)")
	_ = cmd.RegisterFlagCompletionFunc("name", a.completeClusters)  // the flags are there
	_ = cmd.RegisterFlagCompletionFunc("context", completeContexts) // the flags are there
	cmd.AddGroup(
		&cobra.Group{ID: "look", Title: "Look:"},
		&cobra.Group{ID: "change", Title: "Change:"},
		&cobra.Group{ID: "steer", Title: "Steer the manager:"},
		&cobra.Group{ID: "begin", Title: "Begin:"},
	)
	list := a.addonsList(&f)
	cmd.RunE = list.RunE
	cmd.Flags().AddFlagSet(list.Flags())
	cmd.AddCommand(
		list, a.addonsTree(&f), a.addonsWhy(&f), a.addonsDiff(&f), a.addonsLogs(&f),
		a.addonsPush(&f), a.addonsRollback(&f), a.addonsApprove(&f),
		a.addonsReconcile(&f), a.addonsSuspend(&f), a.addonsResume(&f),
		a.addonsDeploy(&f), a.addonsInit(&f), a.addonsHook(&f),
	)
	return cmd
}

// manager opens the cluster that the flags, or a NAME, are about.
func (a *app) manager(f *addonsFlags, args []string) (*addons.Manager, error) {
	name := f.name
	if len(args) > 0 {
		if name != "" && name != args[0] {
			return nil, ui.Hint(fmt.Errorf("%s and --name %s are two clusters", args[0], name), "give one of the two")
		}
		name = args[0]
	}
	req := a.request(clusterFlags{}, nil)
	req.Name = name
	return addons.Open(addons.Request{
		Request: req, Connection: f.connection(), Tree: f.tree, Out: a.out,
	})
}

func (a *app) completeClusters(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	names, _ := home.List(a.global.dir) // none to offer, then
	return names, cobra.ShellCompDirectiveNoFileComp
}

func completeContexts(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	file, _ := cmd.Flags().GetString("kubeconfig")
	return cluster.Contexts(file), cobra.ShellCompDirectiveNoFileComp
}

// waitFlags are --wait and its --timeout.
type waitFlags struct {
	wait    bool
	timeout time.Duration
}

func (w *waitFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&w.wait, "wait", false, "Wait until every addon concerned is healthy")
	cmd.Flags().DurationVar(&w.timeout, "timeout", 5*time.Minute, "Longest `TIME` to wait")
}

// verbed writes to stdout what became of objects, as kubectl does.
func (a *app) verbed(objects []string, verb string) error {
	for _, name := range objects {
		if _, err := fmt.Fprintf(a.streams.Out, "%s %s\n", name, verb); err != nil {
			return err
		}
	}
	return nil
}

// plugin is the path of this program.
func plugin() string {
	self, err := os.Executable()
	if err != nil {
		return filepath.Base(os.Args[0])
	}
	return self
}
