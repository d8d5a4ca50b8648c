package cli

import "github.com/spf13/cobra"

func (a *app) kubeconfig() *cobra.Command {
	var f clusterFlags
	return &cobra.Command{
		Use:     "kubeconfig [NAME]",
		GroupID: "cluster",
		Short:   "Print a cluster's admin kubeconfig",
		Example: `  kubectl turnup kubeconfig > admin.kubeconfig`,
		Args:    oneName,
		RunE: func(_ *cobra.Command, args []string) error {
			t, err := a.existing(f, args)
			if err != nil {
				return err
			}
			data, err := t.Home.AdminKubeconfig()
			if err != nil {
				return err
			}
			_, err = a.streams.Out.Write(data)
			return err
		},
	}
}
