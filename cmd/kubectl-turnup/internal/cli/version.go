package cli

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func (a *app) version() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version, and the versions it turns up",
		Example: `  kubectl turnup version -o json`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			kubernetes := images.KubernetesVersion(config.Default().Bootstrap.KubernetesVersion)
			manager := images.For(config.Default().Bootstrap.KubernetesVersion, "").Ref(images.AddonManager)
			if output == "json" {
				enc := json.NewEncoder(a.streams.Out)
				enc.SetIndent("", "  ")
				return enc.Encode(map[string]string{
					"version": a.build.Version, "commit": a.build.Commit, "go": runtime.Version(),
					"platform": runtime.GOOS + "/" + runtime.GOARCH, "kubernetes": kubernetes, "addonManager": manager,
				})
			}
			if output != "" {
				return ui.Hint(fmt.Errorf("--output %q is not known", output), "want json, or leave it out")
			}
			_, err := fmt.Fprintf(a.streams.Out, "kubectl turnup %s (%s)\nKubernetes %s\naddon manager %s\n",
				a.build.Version, a.build.Commit, kubernetes, manager)
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "Output format: json")
	return cmd
}
