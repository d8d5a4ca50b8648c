// Package plan decides, for all addons at once, who owns which object and in
// which order objects are applied.
package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// Object is one object, ready to be sent.
type Object struct {
	object.Ref
	Version string
	// Data is the JSON that is applied, Hash that of Data.
	Data []byte
	Hash string
	File string
}

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
		addons[i].Objects, addons[i].Err = objects(b)
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

func objects(b build.Addon) ([]Object, error) {
	list := make([]Object, 0, len(b.Objects))
	seen := map[object.Ref]string{}
	for _, built := range b.Objects {
		u := built.DeepCopy()
		ref := object.RefOf(u)
		if file, twice := seen[ref]; twice {
			return nil, fmt.Errorf("plan addon %s: %s is in %s and in %s", b.Name, ref, file, built.File)
		}
		seen[ref] = built.File
		labels := u.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		labels[object.Label] = b.Name
		u.SetLabels(labels)
		unset(u.Object)
		data, err := u.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("plan addon %s: encode %s: %w", b.Name, ref, err)
		}
		sum := sha256.Sum256(data)
		list = append(list, Object{
			Ref: ref, Version: u.GroupVersionKind().Version, Data: data,
			Hash: hex.EncodeToString(sum[:12]), File: built.File,
		})
	}
	slices.SortStableFunc(list, func(a, b Object) int {
		if c := StageOf(a.Ref) - StageOf(b.Ref); c != 0 {
			return int(c)
		}
		return a.Compare(b.Ref)
	})
	return list, nil
}

// unset drops what generators leave behind and only the server may write.
func unset(content map[string]any) {
	delete(content, "status")
	if meta, ok := content["metadata"].(map[string]any); ok {
		for _, field := range []string{"creationTimestamp", "managedFields", "resourceVersion", "uid", "generation"} {
			delete(meta, field)
		}
	}
}
