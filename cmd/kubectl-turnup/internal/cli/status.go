package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func (a *app) status() *cobra.Command {
	var f clusterFlags
	var output listFlag
	var drift, watch bool
	cmd := &cobra.Command{
		Use:     "status [NAME]",
		GroupID: "cluster",
		Short:   "Show a cluster's machines, nodes and addons",
		Long:    "Show a cluster on one screen: machines, nodes, control plane, etcd, addons, when\ncertificates expire, and what .config.json has that was not applied yet. With\n--drift, Terraform also looks whether the machines are as it made them.\n\nExit codes: as those of kubectl turnup, and 2 if something is not well.",
		Example: `  kubectl turnup status
  kubectl turnup status -o wide
  kubectl turnup status -o jsonpath='{.machines[*].address}'

  # See a cluster come up, or a machine go
  kubectl turnup status --watch`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.existing(f, args)
			if err != nil {
				return err
			}
			look := func() (turnup.Status, error) {
				s, err := t.Status(cmd.Context())
				if err == nil && drift {
					t.Drift(cmd.Context(), &s)
				}
				return s, err
			}
			if watch && output != "" {
				return ui.Hint(errors.New("--watch and -o exclude each other"), "a program asks again by itself")
			}
			if watch {
				return a.watchStatus(cmd.Context(), look)
			}
			s, err := look()
			if err != nil {
				return err
			}
			err = output.print(a.streams.Out, s, statusNames(s), func(w io.Writer, wide bool) error { return statusTable(w, s, wide) })
			if err != nil {
				return err
			}
			if !s.Healthy() {
				err := ui.Hint(fmt.Errorf("the cluster %s is not well", s.Cluster), "`kubectl turnup create %s` puts right what it can", s.Cluster)
				return coded{err, exitUnwell}
			}
			return nil
		},
	}
	f.addSSH(cmd)
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "Look again every two seconds, until Ctrl-C; on a terminal in place, elsewhere whenever something has changed")
	cmd.Flags().BoolVar(&drift, "drift", false, "Ask Terraform, too, what the next run would change; it takes seconds, on a cloud more")
	f.addTerraform(cmd)
	return cmd
}

// exitUnwell is what status ends with when it could look, and did not like it.
const exitUnwell = 2

// watchEvery is the time between two looks.
const watchEvery = 2 * time.Second

// watchStatus shows the status again and again, until somebody has seen enough:
// an interrupt is how it ends, and no error.
func (a *app) watchStatus(ctx context.Context, look func() (turnup.Status, error)) error {
	tty := ui.Terminal(a.streams.Out)
	if tty {
		if _, err := io.WriteString(a.streams.Out, "\x1b[2J"); err != nil {
			return err
		}
	}
	before := ""
	for {
		s, err := look()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		var out strings.Builder
		if err := statusTable(&out, s, false); err != nil {
			return err
		}
		switch now := out.String(); {
		case tty:
			// Home, each line to its end, and the rest of the screen.
			_, err = fmt.Fprintf(a.streams.Out, "\x1b[H%s\x1b[J", strings.ReplaceAll(now, "\n", "\x1b[K\n"))
		case now != before:
			_, err = fmt.Fprintf(a.streams.Out, "# %s\n%s\n", time.Now().Format(time.TimeOnly), now)
			before = now
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchEvery):
		}
	}
}

func orNone(text string) string {
	if text == "" {
		return "<none>"
	}
	return text
}
