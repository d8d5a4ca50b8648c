package cli

import (
	"errors"
	"fmt"
	"io"
)

// listFlag is the -o of what lists things: besides the formats of outputFlag it
// knows wide, a table with more columns, and name.
type listFlag string

func (o *listFlag) String() string { return string(*o) }
func (o *listFlag) Type() string   { return "json|yaml|wide|name|jsonpath=PATH" }
func (o *listFlag) Set(value string) error {
	if value == "wide" || value == "name" {
		*o = listFlag(value)
		return nil
	}
	var plain outputFlag
	err := plain.Set(value)
	if errors.Is(err, errFormat) {
		return errors.New("want json, yaml, wide, name or jsonpath=EXPRESSION")
	}
	*o = listFlag(plain)
	return err
}

// print writes a value as the flag says: its names, one per line, or by table.
func (o listFlag) print(w io.Writer, value any, names []string, table func(w io.Writer, wide bool) error) error {
	if o != "name" {
		plain := outputFlag(o)
		return plain.print(w, value, func(w io.Writer) error { return table(w, o == "wide") })
	}
	for _, name := range names {
		if _, err := fmt.Fprintln(w, name); err != nil {
			return err
		}
	}
	return nil
}
