// Package plan decides, for all addons at once, who owns which object, in which
// order objects are applied, and what may be taken away without asking.
package plan

import (
	"fmt"
	"maps"
	"slices"

	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// Object is one object, ready to be sent.
type Object = object.Declared

// Addon is one addon, planned: its objects are ordered by stage, then by name.
// Err says why it cannot be applied as it is.
type Addon = build.Addon

// Make plans a built tree. owner says which addon has an object now ("" for none):
// where two claim one object, the one that has it goes on and the other is the error.
func Make(built []build.Addon, network string, owner func(object.Ref) string) []Addon {
	addons := slices.Clone(built)
	for i := range addons {
		addon := &addons[i]
		addon.Network = addon.Network || addon.Name == network
		addon.Objects = ordered(addon.Objects)
	}
	duplicates(addons, owner)
	dependencies(addons)
	return addons
}

func ordered(objects []Object) []Object {
	return slices.SortedStableFunc(slices.Values(objects), func(a, b Object) int {
		if c := StageOf(a.Ref) - StageOf(b.Ref); c != 0 {
			return int(c)
		}
		return a.Compare(b.Ref)
	})
}

// duplicates finds objects that are in two addons.
func duplicates(addons []Addon, owner func(object.Ref) string) {
	type claim struct {
		addon *Addon
		file  string
	}
	claims, wrongs := map[object.Ref][]claim{}, map[*Addon][]error{}
	for i := range addons {
		if addons[i].Err != nil {
			continue
		}
		for _, o := range addons[i].Objects {
			claims[o.Ref] = append(claims[o.Ref], claim{&addons[i], o.File})
		}
	}
	for _, ref := range slices.SortedFunc(maps.Keys(claims), object.Ref.Compare) {
		claimants := claims[ref]
		if len(claimants) < 2 {
			continue
		}
		holder := owner(ref)
		for i, c := range claimants {
			if c.addon.Name == holder {
				continue
			}
			other := claimants[(i+1)%len(claimants)]
			wrongs[c.addon] = append(wrongs[c.addon], fmt.Errorf("%s is in addon %s (%s) and in addon %s (%s); keep it in one of them",
				ref, c.addon.Name, c.file, other.addon.Name, other.file))
		}
	}
	// The first tells what is wrong; a hundred more would hide it.
	for addon, list := range wrongs {
		addon.Err = list[0]
		if more := len(list) - 1; more > 0 {
			addon.Err = fmt.Errorf("%w (and %d more like it)", list[0], more)
		}
	}
}
