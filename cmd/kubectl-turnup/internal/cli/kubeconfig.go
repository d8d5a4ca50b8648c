package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func (a *app) kubeconfig() *cobra.Command {
	var f clusterFlags
	return &cobra.Command{
		Use:     "kubeconfig [NAME]",
		GroupID: "cluster",
		Short:   "Print a cluster's admin kubeconfig",
		Example: `  kubectl turnup kubeconfig > admin.kubeconfig`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			t, err := a.existing(f, args)
			if err != nil {
				return err
			}
			data, err := os.ReadFile(t.Home.Kubeconfig())
			if err != nil {
				return fmt.Errorf("read kubeconfig: %w", err)
			}
			_, err = a.streams.Out.Write(data)
			return err
		},
	}
}
