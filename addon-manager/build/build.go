// Package build turns the addon tree into objects: one kustomize build per
// addon, in this process and in memory, with nothing from outside the tree.
package build

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// Addon is one addon, built.
type Addon struct {
	Name string
	// Hash is that of everything the build reads; the same hash builds the same objects.
	Hash string
	// Network: it comes before the others.
	Network bool
	// Mode is enforce or observe.
	Mode string
	// DependsOn names the addons that must be ready before this one's workloads.
	DependsOn []string
	// Objects are in no particular order, but always in the same.
	Objects []object.Declared
	// Err says why there are no objects.
	Err error
}

// Builder builds trees. It remembers each addon's last good build, so that a
// revision costs as much as it changed.
type Builder struct{ last map[string]Addon }

// New returns a builder that remembers nothing yet.
func New() *Builder { return &Builder{last: map[string]Addon{}} }

// Build builds every addon of a tree, ordered by name. One that fails carries
// its error; the others are not held up.
func (b *Builder) Build(files map[string][]byte) []Addon {
	t := scan(files)
	next := map[string]Addon{}
	var list []Addon
	for _, name := range t.addons() {
		addon := t.one(name, b.last[name])
		if addon.Err == nil {
			next[name] = addon
		}
		list = append(list, addon)
	}
	b.last = next
	// kyaml keeps the whole OpenAPI schema, 20 MB of it, for the next build.
	openapi.ResetOpenAPI()
	debug.FreeOSMemory()
	return list
}

// One builds a single addon of a tree.
func One(files map[string][]byte, name string) (Addon, error) {
	addon := scan(files).one(name, Addon{})
	return addon, addon.Err
}

// one builds an addon, unless known is what it would be.
func (t tree) one(name string, known Addon) Addon {
	addon := Addon{Name: name}
	inputs, err := t.inputs(name)
	if err == nil {
		addon.Hash = t.hash(inputs)
		if known.Hash == addon.Hash {
			return known
		}
		var s settings
		if s, err = read(t.kustomizations[name]); err != nil {
			err = at(t.file(name), err)
		} else {
			addon.Objects, err = t.build(name, s)
		}
		addon.Network, addon.Mode, addon.DependsOn = s.network, s.mode, s.dependsOn
	}
	if err != nil {
		addon.Err = fmt.Errorf("build addon %s: %w", name, err)
	}
	return addon
}

func (t tree) build(name string, s settings) (objects []object.Declared, err error) {
	defer func() {
		// A panic in kustomize over one addon's files is that addon's error.
		if caught := recover(); caught != nil {
			err = fmt.Errorf("kustomize gave up: %v", caught)
		}
	}()
	// The wrapper asks for origin annotations without touching the addon's own file.
	memory := filesys.MakeFsInMemory()
	for file, data := range t.files {
		if err := memory.WriteFile("/tree/"+file, data); err != nil {
			return nil, err
		}
	}
	wrapper := "buildMetadata: [originAnnotations]\nresources: [../tree/" + name + "]\n"
	if err := memory.WriteFile("/build/kustomization.yaml", []byte(wrapper)); err != nil {
		return nil, err
	}
	options := krusty.MakeDefaultOptions()
	options.LoadRestrictions = types.LoadRestrictionsRootOnly
	options.PluginConfig = types.DisabledPluginConfig()
	result, err := krusty.MakeKustomizer(options).Run(memory, "/build")
	if err != nil {
		return nil, readable(err)
	}
	return s.declare(name, result)
}

// declare prepares all objects of an addon.
func (s settings) declare(addon string, result resmap.ResMap) ([]object.Declared, error) {
	objects := make([]object.Declared, 0, result.Size())
	seen := map[object.Ref]string{}
	for _, resource := range result.Resources() {
		data, err := resource.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", resource.CurId(), err)
		}
		o, err := s.prepare(addon, data, resource.CurId())
		if err != nil {
			return nil, err
		}
		if file, twice := seen[o.Ref]; twice {
			return nil, fmt.Errorf("%s is in %s and in %s; keep it in one of them", o.Ref, file, o.File)
		}
		seen[o.Ref] = o.File
		objects = append(objects, o)
	}
	return objects, nil
}

// readable takes the layers off kustomize's messages that speak of our own directories.
func readable(err error) error {
	text := strings.ReplaceAll(err.Error(), "/tree/", "")
	if i := strings.LastIndex(text, "accumulating resources: "); i > 0 {
		text = strings.TrimPrefix(text[i:], "accumulating resources: ")
	}
	return errors.New(text)
}
