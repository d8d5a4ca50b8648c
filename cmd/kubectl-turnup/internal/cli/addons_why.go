package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func (a *app) addonsWhy(f *addonsFlags) *cobra.Command {
	var output outputFlag
	var namespace string
	cmd := &cobra.Command{
		Use:     "why (TYPE/NAME | TYPE NAME)",
		GroupID: "look",
		Short:   "Say which addon, file and revision an object comes from",
		Long: `Say which addon an object of the cluster belongs to, which file of the tree
declares it, since which revision, and who else has set fields of it.

Exits with 1 where no addon owns the object.`,
		Example: `  kubectl turnup addons why deployment/coredns -n kube-system
  kubectl turnup addons why ConfigMap kube-system/coredns`,
		Args: func(_ *cobra.Command, args []string) error {
			_, err := addons.ReadObject(args, "")
			return err
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			words, err := addons.ReadObject(args, namespace)
			if err != nil {
				return err
			}
			m, err := a.manager(f, nil)
			if err != nil {
				return err
			}
			origin, err := m.Why(cmd.Context(), words)
			if err != nil {
				return err
			}
			err = output.print(a.streams.Out, origin, func(w io.Writer) error { return originLines(w, origin, time.Now()) })
			if err == nil && !origin.Ours() {
				err = ui.Hint(errors.New("no addon owns it"), "`kubectl turnup addons tree` shows what the addons own")
			}
			return err
		},
	}
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	cmd.Flags().StringVarP(&namespace, "namespace", "n", "", "`NAMESPACE` of the object (default: the context's)")
	return cmd
}

func originLines(w io.Writer, o addons.Origin, now time.Time) error {
	ago := func(at *metav1.Time) string {
		if at == nil {
			return ""
		}
		return addons.Age(at.Time, now) + " ago"
	}
	rows := [][]string{{"object", o.Object.String()}, {"addon", o.Addon}}
	if o.Ours() {
		rows = append(rows, []string{"file", o.File}, []string{"revision", o.Revision}, []string{"applied", ago(o.Applied)})
	}
	for i, m := range o.Managers {
		title := ""
		if i == 0 {
			title = "fields of"
		}
		how := m.Operation
		if m.Subresource != "" {
			how += " of " + m.Subresource
		}
		rows = append(rows, []string{title, strings.TrimSpace(fmt.Sprintf("%s (%s) %s", m.Name, how, ago(m.Time)))})
	}
	for _, remark := range o.Remarks {
		rows = append(rows, []string{"remark", remark})
	}
	for _, row := range rows {
		if _, err := fmt.Fprintf(w, "%-10s %s\n", row[0], orNone(row[1])); err != nil {
			return err
		}
	}
	return nil
}
