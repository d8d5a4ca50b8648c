package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/gitsource"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// gitFlags are what is said of a git source.
type gitFlags struct {
	gitsource.Request
	interval time.Duration
}

func (a *app) addonsDeploy(f *addonsFlags) *cobra.Command {
	var d addons.Deployment
	var source string
	var git gitFlags
	var budget int
	cmd := &cobra.Command{
		Use:     "deploy [NAME]",
		GroupID: "begin",
		Short:   "Deploy the addon manager, give it the tree, and wait until all is healthy",
		Long: `Deploy the addon manager, give it the addon tree, and wait until every addon is
healthy. It can be run again at any time.

On a cluster that turnup created, the config says everything. On any other
cluster the flags do: the manager runs on the nodes' network and needs the API
server's address there, which is the kubeconfig's, or what the Service
kubernetes leads to where the kubeconfig's is this computer's own.

Secrets are taken from files, and kept in the cluster as the Secret
turnup-system/addon-source-credentials.`,
		Example: `  kubectl turnup addons deploy

  # A cluster that turnup did not create, with the tree in ./addons
  kubectl turnup addons deploy --context kind-kind

  # The same, with the tree in a git repository
  kubectl turnup addons deploy --context kind-kind --source git --git-url https://git.example.com/demo.git --branch main --path addons`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := a.manager(f, args)
			if err != nil {
				return err
			}
			git.Interval = ""
			if cmd.Flags().Changed("interval") {
				git.Interval = git.interval.String()
			}
			if d.Source, err = gitsource.Of(source, git.Request); err != nil {
				return err
			}
			if cmd.Flags().Changed("prune-budget") {
				if budget < 0 || budget > 100 {
					return ui.Hint(errors.New("--prune-budget is a percentage"), "want 0 to 100")
				}
				d.Source.PruneBudget = &budget
			}
			return turnup.Deploy(cmd.Context(), m, d)
		},
	}
	flags := cmd.Flags()
	d.Credentials = gitsource.Credentials{}
	flags.StringVar(&d.Image, "image", "", "`IMAGE` of the addon manager (default: this release's)")
	flags.StringVar(&d.APIServer, "api-server", "", "`HOST:PORT` of the API server as the nodes reach it (default: found out)")
	flags.IntVar(&d.Replicas, "replicas", 0, "How many managers run; one acts, the others wait (default 1)")
	flags.StringVar(&source, "source", "", "Where the tree comes from: push (default) or git")
	flags.StringVar(&git.URL, "git-url", "", "`URL` of the repository")
	flags.StringVar(&git.Branch, "branch", "", "Follow a `BRANCH` (default: the repository's own)")
	flags.StringVar(&git.Tag, "tag", "", "Follow a `TAG`")
	flags.StringVar(&git.Commit, "commit", "", "Stay at a `COMMIT`")
	flags.StringVar(&git.Path, "path", "", "`DIRECTORY` of the tree in the repository (default: its root)")
	flags.StringVar(&git.Secret, "secret", "", "`NAME` of a Secret in turnup-system with the credentials")
	flags.StringVar(&git.Proxy, "proxy", "", "`URL` of the proxy to the repository")
	flags.BoolVar(&git.Verify, "verify", false, "Follow only commits that the Secret's signers have signed")
	flags.DurationVar(&git.interval, "interval", 15*time.Second, "`TIME` between two looks at the repository")
	flags.IntVar(&budget, "prune-budget", 30, "`PERCENTAGE` of all objects that a revision may delete without an approval")
	for _, file := range []struct{ flag, key, what string }{
		{"git-token-file", "token", "token for a repository by https"},
		{"git-ca-file", "ca.crt", "CA certificates of a repository by https"},
		{"git-identity", "identity", "private SSH key"},
		{"git-known-hosts", "known_hosts", "SSH host keys of the repository's host"},
		{"git-signers", "signers", "public keys whose commits count"},
	} {
		flags.Var(credentialFlag{d.Credentials, file.key}, file.flag, fmt.Sprintf("`FILE` with the %s", file.what))
	}
	git.Credentials = d.Credentials
	return cmd
}

// credentialFlag notes the file of one key of the Secret.
type credentialFlag struct {
	files gitsource.Credentials
	key   string
}

func (c credentialFlag) String() string { return c.files[c.key] }
func (c credentialFlag) Type() string   { return "file" }
func (c credentialFlag) Set(path string) error {
	if path == "" {
		return errors.New("want the path of a file")
	}
	c.files[c.key] = path
	return nil
}
