package config

import (
	"encoding/json"
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// Difference is a field that is not the same in two configs; a nil value is
// that of a field that does not apply in its config.
type Difference struct {
	Path string `json:"path"`
	A    any    `json:"a"`
	B    any    `json:"b"`
}

// Diff compares what two configs mean, in the order of the fields.
func Diff(a, b *kconfig.Config) []Difference {
	differences := []Difference{}
	for _, f := range Fields() {
		d := Difference{Path: f.Path}
		if Visible(a, f) {
			d.A = f.Typed(Value(a, f))
		}
		if Visible(b, f) {
			d.B = f.Typed(Value(b, f))
		}
		if d.A != d.B {
			differences = append(differences, d)
		}
	}
	return differences
}

// Get is the text of a value, or JSON, as that of a group always is.
func (f *File) Get(path string, asJSON bool) (string, error) {
	d := described()
	field := Lookup(path)
	switch {
	case field == nil || field.Path != path:
		if path == "" || len(d.keys[path]) == 0 {
			return "", Problems{{Path: path, Text: noField(path)}}
		}
		return string(WriteGroup(f.Config, path)), nil
	case !Visible(f.Config, field):
		return "", Problems{{Path: path, Place: field.Place(),
			Text: "it has no value: it applies only if " + strings.Join(Unmet(f.Config, field), " and ")}}
	case asJSON:
		return JSON(field.Typed(Value(f.Config, field))), nil
	}
	return Value(f.Config, field), nil
}

// JSON writes a value as it is written in the config.
func JSON(value any) string {
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if enc.Encode(value) != nil {
		return "" // values are strings, numbers and booleans
	}
	return strings.TrimSuffix(out.String(), "\n")
}
