package kconfig

import (
	"fmt"
	"io"
)

// Dump writes one line for every symbol, for tests and for the curious: its
// name, value, whether it is visible and written, and the value's origin.
func (c *Config) Dump(w io.Writer) error {
	for _, s := range c.tree.Symbols {
		value := c.Value(s)
		if s.Type == String {
			value = quote(value)
		}
		state := ""
		if !c.Visible(s) {
			state += " hidden"
		}
		if !c.Written(s) {
			state += " unwritten"
		}
		if _, err := fmt.Fprintf(w, "%s=%s%s %s\n", s.Name, value, state, c.Origin(s)); err != nil {
			return err
		}
	}
	return nil
}

// String writes the origin with its place and symbols.
func (o Origin) String() string {
	text := o.Kind.String()
	if o.Span.File != "" {
		text += fmt.Sprintf(" %s:%d", o.Span.File, o.Span.Line)
	}
	if len(o.By) > 0 {
		text += " " + names(o.By)
	}
	if o.Clamped {
		text += " clamped"
	}
	return text
}
