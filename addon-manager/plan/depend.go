package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// dependencies refuses addons that wait for one which is not there, or in a
// circle for themselves.
func dependencies(addons []Addon) {
	waits := map[string][]string{}
	for _, addon := range addons {
		waits[addon.Name] = addon.DependsOn
	}
	for i := range addons {
		addon := &addons[i]
		for _, name := range addon.DependsOn {
			if _, known := waits[name]; !known {
				addon.Err = errors.Join(addon.Err, fmt.Errorf("its %s names %s, and the tree has no such addon", api.DependsOnAnnotation, name))
			}
		}
		if circle := circle(waits, addon.Name); circle != nil {
			addon.Err = errors.Join(addon.Err, fmt.Errorf("it waits for itself: %s (see %s)", strings.Join(circle, " → "), api.DependsOnAnnotation))
		}
	}
}

// circle is the way from an addon over what it waits for back to it, or nil.
func circle(waits map[string][]string, from string) []string {
	seen := map[string]bool{}
	var walk func(path []string) []string
	walk = func(path []string) []string {
		for _, next := range waits[path[len(path)-1]] {
			if next == from {
				return append(slices.Clone(path), from)
			}
			if seen[next] {
				continue
			}
			seen[next] = true
			if found := walk(append(slices.Clone(path), next)); found != nil {
				return found
			}
		}
		return nil
	}
	return walk([]string{from})
}
