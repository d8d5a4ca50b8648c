package build

import (
	"fmt"
	"slices"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// paths reads the field paths that are to be left alone.
func paths(notes map[string]string) ([]string, error) {
	all := list(notes[api.IgnoreAnnotation])
	for _, path := range all {
		steps := object.ParsePath(path)
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
