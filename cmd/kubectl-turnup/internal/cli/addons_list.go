package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
)

func (a *app) addonsList(f *addonsFlags) *cobra.Command {
	var output listFlag
	cmd := &cobra.Command{
		Use:     "list [NAME]",
		GroupID: "look",
		Short:   "List the addons and how they are",
		Long: `List the addons of a cluster and how they are. -o wide adds each addon's
conditions, and the objects that are not as they should be.`,
		Example: `  kubectl turnup addons list
  kubectl turnup addons list -o wide
  kubectl turnup addons list -o json | jq -r '.items[] | select(.status.ready != "True") | .metadata.name'`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := a.manager(f, args)
			if err != nil {
				return err
			}
			list, err := m.List(cmd.Context())
			if err != nil {
				return err
			}
			return output.print(a.streams.Out, list, addonNames(list), func(w io.Writer, wide bool) error {
				a.out.Printf("%s", list.Origin())
				return addonColumns(w, list, wide, time.Now())
			})
		},
	}
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	return cmd
}

func addonNames(list addons.AddonList) []string {
	var names []string
	for _, addon := range list.Items {
		names = append(names, "addon/"+addon.Name)
	}
	return names
}

func addonColumns(w io.Writer, list addons.AddonList, wide bool, now time.Time) error {
	head := []string{"NAME", "READY", "MODE", "REVISION", "OBJECTS", "DRIFT", "AGE", "MESSAGE"}
	if wide {
		head = append(head, "CONDITIONS")
	}
	rows := [][]string{head}
	for _, addon := range list.Items {
		mode := addon.Status.Mode
		if addon.Spec.Suspend {
			mode = "suspended"
		}
		row := []string{
			addon.Name, addon.Status.Ready, mode, addons.Short(addon.Status.Revision),
			strconv.Itoa(addon.Status.Objects), strconv.Itoa(addon.Status.Drift),
			addons.Age(addon.CreationTimestamp.Time, now), oneLine(addon.Status.Message),
		}
		if wide {
			var conditions []string
			for _, c := range addon.Status.Conditions {
				conditions = append(conditions, c.Type+"="+string(c.Status))
			}
			row = append(row, strings.Join(conditions, ","))
		}
		rows = append(rows, row)
	}
	if err := columns(w, rows...); err != nil || !wide {
		return err
	}
	return failureColumns(w, list)
}

// failureColumns lists the objects that are not as they should be.
func failureColumns(w io.Writer, list addons.AddonList) error {
	rows := [][]string{{"ADDON", "OBJECT", "REASON", "FILE", "MESSAGE"}}
	for _, addon := range list.Items {
		for _, failure := range addon.Status.Failures {
			rows = append(rows, []string{addon.Name, failure.Object, failure.Reason, failure.File, oneLine(failure.Message)})
		}
	}
	if len(rows) == 1 {
		return nil
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return columns(w, rows...)
}

// oneLine keeps a message in its row.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
