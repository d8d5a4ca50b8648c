package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"sigs.k8s.io/yaml"
)

// outputFlag is -o: "" for a table.
type outputFlag string

func (o *outputFlag) String() string { return string(*o) }
func (o *outputFlag) Type() string   { return "json|yaml" }
func (o *outputFlag) Set(value string) error {
	switch value {
	case "json", "yaml":
		*o = outputFlag(value)
		return nil
	}
	return fmt.Errorf("want json or yaml")
}

// print writes a value as the flag says, or by table.
func (o outputFlag) print(w io.Writer, value any, table func(io.Writer) error) error {
	switch o {
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(value)
	case "yaml":
		data, err := yaml.Marshal(value)
		if err != nil {
			return fmt.Errorf("encode: %w", err)
		}
		_, err = w.Write(data)
		return err
	}
	return table(w)
}

// columns writes rows as kubectl does; empty cells read <none>.
func columns(w io.Writer, rows ...[]string) error {
	tab := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	for _, row := range rows {
		for i := range row {
			if row[i] == "" {
				row[i] = "<none>"
			}
		}
		if _, err := fmt.Fprintln(tab, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return tab.Flush()
}
