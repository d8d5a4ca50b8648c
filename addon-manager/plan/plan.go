// Package plan decides, for all addons at once, who owns which object and in
// which order objects are applied.
package plan

import (
	"errors"
	"fmt"
	"slices"

	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// Object is one object, ready to be sent.
type Object = object.Declared

// Addon is one addon, planned.
type Addon struct {
	Name    string
	Hash    string
	Network bool
	// Objects are ordered by stage, then by name.
	Objects []Object
	// Err says why the addon cannot be applied as it is.
	Err error
}

// Make plans a built tree. owner says which addon has an object now ("" for none):
// where two claim one object, the one that has it goes on and the other is the error.
func Make(built []build.Addon, network string, owner func(object.Ref) string) []Addon {
	addons := make([]Addon, len(built))
	claims := map[object.Ref][]*Addon{}
	files := map[object.Ref][]string{}
	for i, b := range built {
		addons[i] = Addon{Name: b.Name, Hash: b.Hash, Network: b.Network || b.Name == network, Err: b.Err}
		if b.Err != nil {
			continue
		}
		addons[i].Objects = objects(b)
		for _, o := range addons[i].Objects {
			claims[o.Ref] = append(claims[o.Ref], &addons[i])
			files[o.Ref] = append(files[o.Ref], o.File)
		}
	}
	for ref, claimants := range claims {
		if len(claimants) < 2 {
			continue
		}
		holder := owner(ref)
		for i, addon := range claimants {
			if addon.Name == holder {
				continue
			}
			other := (i + 1) % len(claimants)
			addon.Err = errors.Join(addon.Err, fmt.Errorf("%s is in addon %s (%s) and in addon %s (%s); keep it in one of them",
				ref, addon.Name, files[ref][i], claimants[other].Name, files[ref][other]))
		}
	}
	return addons
}

func objects(b build.Addon) []Object {
	list := slices.Clone(b.Objects)
	slices.SortStableFunc(list, func(a, b Object) int {
		if c := StageOf(a.Ref) - StageOf(b.Ref); c != 0 {
			return int(c)
		}
		return a.Compare(b.Ref)
	})
	return list
}
