package build

import (
	"fmt"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// paths reads the field paths that are to be left alone.
func paths(notes map[string]string) ([]string, error) {
	all := list(notes[api.IgnoreAnnotation])
	for _, path := range all {
		steps := split(path)
		if slices.Contains(steps, "") {
			return nil, fmt.Errorf("annotation %s: %q is not a path of fields such as spec.replicas", api.IgnoreAnnotation, path)
		}
		switch {
		case len(steps) == 1,
			steps[0] == "metadata" && len(steps) == 2 && (steps[1] == "name" || steps[1] == "namespace" || steps[1] == "labels"):
			return nil, fmt.Errorf("annotation %s: %q cannot be left alone; name a field within it", api.IgnoreAnnotation, path)
		}
	}
	return all, nil
}

// split cuts a path at its dots: "spec.template", "metadata.annotations.example\.com/x",
// "spec.template.spec.containers.[name=app].image".
func split(path string) []string {
	var steps []string
	var step strings.Builder
	bracket := false
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '\\' && i+1 < len(path) && path[i+1] == '.':
			i++
			step.WriteByte('.')
		case c == '.' && !bracket:
			steps = append(steps, step.String())
			step.Reset()
		default:
			bracket = c == '[' || bracket && c != ']'
			step.WriteByte(c)
		}
	}
	return append(steps, step.String())
}

// has tells whether a value has a field.
func has(value any, steps []string) bool {
	if len(steps) == 0 {
		return true
	}
	switch value := value.(type) {
	case map[string]any:
		inner, ok := value[steps[0]]
		return ok && has(inner, steps[1:])
	case []any:
		key, want, ok := strings.Cut(strings.Trim(steps[0], "[]"), "=")
		return ok && slices.ContainsFunc(value, func(item any) bool {
			fields, ok := item.(map[string]any)
			return ok && fmt.Sprint(fields[key]) == want && has(fields, steps[1:])
		})
	}
	return false
}
