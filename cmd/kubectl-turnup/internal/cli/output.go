package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"k8s.io/client-go/util/jsonpath"
	"sigs.k8s.io/yaml"
)

// outputFlag is -o: "" for a table.
type outputFlag string

func (o *outputFlag) String() string { return string(*o) }
func (o *outputFlag) Type() string   { return "json|yaml|jsonpath=PATH" }
func (o *outputFlag) Set(value string) error {
	expression, isPath := strings.CutPrefix(value, pathPrefix)
	switch {
	case value == "json", value == "yaml":
	case isPath:
		if _, err := parsePath(expression); err != nil {
			return err
		}
	default:
		return errFormat
	}
	*o = outputFlag(value)
	return nil
}

var errFormat = errors.New("want json, yaml or jsonpath=EXPRESSION")

// pathPrefix begins an expression as kubectl takes it.
const pathPrefix = "jsonpath="

// parsePath reads an expression: {.machines[*].name}, or .machines[*].name alone.
func parsePath(expression string) (*jsonpath.JSONPath, error) {
	if !strings.Contains(expression, "{") {
		expression = "{." + strings.TrimPrefix(expression, ".") + "}"
	}
	path := jsonpath.New("output").AllowMissingKeys(true)
	if err := path.Parse(expression); err != nil {
		return nil, fmt.Errorf("read jsonpath: %w", err)
	}
	return path, nil
}

// printPath prints what an expression finds in a value's JSON.
func printPath(w io.Writer, value any, expression string) error {
	path, err := parsePath(expression)
	if err != nil {
		return err
	}
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	var plain any
	if err := json.Unmarshal(data, &plain); err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	var out strings.Builder
	if err := path.Execute(&out, plain); err != nil {
		return fmt.Errorf("follow jsonpath: %w", err)
	}
	text := out.String()
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	_, err = io.WriteString(w, text)
	return err
}

// print writes a value as the flag says, or by table.
func (o outputFlag) print(w io.Writer, value any, table func(io.Writer) error) error {
	if expression, ok := strings.CutPrefix(string(o), pathPrefix); ok {
		return printPath(w, value, expression)
	}
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
