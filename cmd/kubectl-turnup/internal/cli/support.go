package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) supportBundle() *cobra.Command {
	var f clusterFlags
	var file string
	cmd := &cobra.Command{
		Use:     "support-bundle [NAME]",
		GroupID: "cluster",
		Short:   "Collect what others need to see to help",
		Long: `Collect what others need to see to help: versions, the config, what doctor and
status say, and the logs of the machines, of the control plane and of the addon
manager, in one archive. A cluster that does not answer is no obstacle; what
could not be had is named.

The cluster's own keys and tokens, and what looks like one, are taken out;
Secrets and ConfigMaps are not in it. Names and addresses are: look through it
before you publish it.`,
		Example: `  kubectl turnup support-bundle

  kubectl turnup support-bundle staging --output /tmp/staging.tar.gz`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.existing(f, args)
			if err != nil {
				return err
			}
			if file == "" {
				file = fmt.Sprintf("turnup-support-%s-%s.tar.gz", t.Config.Cluster.Name, time.Now().UTC().Format("20060102-150405"))
			}
			s, err := t.SupportBundle(cmd.Context(), file, a.build.Version+" "+a.build.Commit)
			if err != nil {
				return err
			}
			for _, missing := range s.Missing {
				a.out.Warnf("not in it: %s", missing)
			}
			_, err = fmt.Fprintf(a.streams.Out, "%s has %d files, without the keys, tokens and passwords that turnup recognises; look through it before you publish it\n", s.File, s.Files)
			return err
		},
	}
	cmd.Flags().StringVar(&file, "output", "", "The archive, a `FILE` that is not there yet (default: turnup-support-NAME-TIME.tar.gz)")
	f.addTerraform(cmd)
	f.addSSH(cmd)
	return cmd
}
