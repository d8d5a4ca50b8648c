package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func (a *app) doctor() *cobra.Command {
	var f clusterFlags
	var output outputFlag
	cmd := &cobra.Command{
		Use:     "doctor [NAME]",
		GroupID: "cluster",
		Short:   "Find out what keeps a cluster from being well",
		Long: `Find out what keeps a cluster from being well. It looks at this computer and the
config as create would, and at a cluster that is there phase by phase, up to
the first that fails: what comes after that fails for its sake. Each trouble
has a code, a way out and the end of the log in question. Nothing is changed.

Exits with 1 if something is wrong; warnings are no reason.`,
		Example: `  # Can a cluster be made here?
  kubectl turnup doctor

  # And one on AWS?
  kubectl turnup doctor --set provision.platform=aws

  # What is it about the cluster staging? The codes, for a program
  kubectl turnup doctor staging -o json`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			d := a.diagnose(cmd, f, args)
			if err := output.print(a.streams.Out, d, func(w io.Writer) error { return diagnosisList(w, d) }); err != nil {
				return err
			}
			failed := d.Failed()
			if len(failed) == 0 {
				return nil
			}
			return ui.Hint(fmt.Errorf("%d of %d checks failed, %s first", len(failed), len(d.Checks), failed[0].Code), "begin there: the rest may follow from it")
		},
	}
	f.addConfig(cmd)
	f.addTerraform(cmd)
	f.addSSH(cmd)
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	return cmd
}

// diagnose looks at the cluster that create would make or go on with.
func (a *app) diagnose(cmd *cobra.Command, f clusterFlags, args []string) turnup.Diagnosis {
	t, err := a.wanted(f, args)
	if err != nil {
		return turnup.DiagnosisOf(err)
	}
	return t.Doctor(cmd.Context())
}

func diagnosisList(w io.Writer, d turnup.Diagnosis) error {
	marks := map[string]string{"ok": " ok   ", "warning": " warn ", "error": " FAIL "}
	var out strings.Builder
	phase := ""
	for _, c := range d.Checks {
		if c.Phase != phase {
			phase = c.Phase
			fmt.Fprintf(&out, "%s\n", phase)
		}
		fmt.Fprintf(&out, "%s%s", marks[c.Level], c.What)
		if c.Code != "" {
			fmt.Fprintf(&out, ": %s\n      %s", c.Code, strings.ReplaceAll(c.Message, "\n", "\n      "))
		}
		fmt.Fprintln(&out)
		if c.Hint != "" {
			fmt.Fprintf(&out, "      hint: %s\n", c.Hint)
		}
		for _, line := range c.Log {
			fmt.Fprintf(&out, "      | %s\n", line)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}
