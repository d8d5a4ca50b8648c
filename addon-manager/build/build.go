// Package build turns the addon tree into objects: one kustomize build per
// addon, in this process and in memory, with nothing from outside the tree.
//
// A top-level directory is an addon if it has a kustomization that is no
// component, or, without any, at least one file of YAML or JSON: then all its
// manifests are the addon. Helm charts that are in the tree are rendered as
// `helm template` does. Names that begin with '.' or '_' are no addons.
package build

import (
	"cmp"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

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

// Builder builds trees. It remembers each addon's last build, so that a revision
// costs as much as it changed.
type Builder struct {
	last map[string]Addon
	// kustomizations are those of the last tree.
	kustomizations map[string]kustomization
	// built counts the addons that the last tree made it build.
	built int
}

// turn is held by whoever builds, whatever the Builder: kustomize keeps its schema
// in variables of its packages.
var turn sync.Mutex

// Built is how many addons the last Build did not know already.
func (b *Builder) Built() int { return b.built }

// New returns a builder that remembers nothing yet.
func New() *Builder { return &Builder{} }

// Build builds every addon of a tree, ordered by name. One that fails carries
// its error; the others are not held up. What no addon can be told from is in
// Problems.
func (b *Builder) Build(files map[string][]byte) []Addon {
	turn.Lock()
	defer turn.Unlock()
	t := scan(files, b.kustomizations)
	next := map[string]Addon{}
	list := []Addon{}
	b.built = 0
	for _, name := range t.addons() {
		addon, fresh := t.one(name, b.last[name])
		if fresh {
			b.built++
		}
		next[name] = addon
		list = append(list, addon)
	}
	b.last, b.kustomizations = next, t.kustomizations
	if b.built > 0 {
		forget()
	}
	return list
}

// One builds a single addon of a tree.
func One(files map[string][]byte, name string) (Addon, error) {
	turn.Lock()
	defer turn.Unlock()
	t := scan(files, nil)
	if !slices.Contains(t.addons(), name) {
		return Addon{Name: name}, fmt.Errorf("build addon %s: there is no such addon in the tree", name)
	}
	addon, _ := t.one(name, Addon{})
	forget()
	return addon, addon.Err
}

// forget gives memory back: kyaml keeps the whole OpenAPI schema, 20 MB of it, for the next build.
func forget() {
	openapi.ResetOpenAPI()
	debug.FreeOSMemory()
}

// one builds an addon, unless known is what it would be; it tells whether it did.
func (t tree) one(name string, known Addon) (addon Addon, fresh bool) {
	addon = Addon{Name: name}
	defer func() {
		// A panic over one addon's files is that addon's error.
		if caught := recover(); caught != nil {
			addon.Err, addon.Objects = fmt.Errorf("build addon %s: %s: kustomize gave up: %v", name, t.kustomizations[name].file, caught), nil
		}
	}()
	from, err := t.inputs(name)
	addon.Hash = t.hash(from.directories())
	if known.Hash == addon.Hash {
		return known, false
	}
	s, wrong := read(t.kustomizations[name].Kustomization)
	s.file = t.kustomizations[name].file
	addon.Network, addon.Mode, addon.DependsOn = s.network, s.mode, s.dependsOn
	if err == nil && wrong != nil {
		err = at(t.kustomizations[name].file, wrong)
	}
	if err == nil {
		fresh = true
		addon.Objects, err = t.build(name, s, from)
	}
	if err != nil {
		addon.Err = fmt.Errorf("build addon %s: %w", name, err)
	}
	return addon, fresh
}

func (t tree) build(name string, s settings, from inputs) ([]object.Declared, error) {
	if t.kustomizations[name].implied != nil {
		for _, document := range from.documents {
			if err := t.objects(document); err != nil {
				return nil, err
			}
		}
	}
	memory, err := t.memory(name, from)
	if err != nil {
		return nil, err
	}
	options := krusty.MakeDefaultOptions()
	options.LoadRestrictions = types.LoadRestrictionsRootOnly
	options.PluginConfig = types.DisabledPluginConfig()
	result, err := krusty.MakeKustomizer(options).Run(memory, "/build")
	if err != nil {
		return nil, t.explain(name, from, err)
	}
	return s.declare(name, result)
}

// memory is a file system of what an addon's build reads, and no more.
func (t tree) memory(name string, from inputs) (filesys.FileSystem, error) {
	memory := filesys.MakeFsInMemory()
	// The wrapper asks for origin annotations without touching the addon's own file.
	write := map[string][]byte{
		"/build/kustomization.yaml": []byte("buildMetadata: [originAnnotations]\nresources: [../tree/" + name + "]\n"),
	}
	for _, dir := range from.kustomizations {
		for _, file := range t.below(dir) {
			write["/tree/"+file] = t.files[file]
		}
	}
	for _, dir := range from.kustomizations {
		k := t.kustomizations[dir]
		if k.implied != nil {
			write["/tree/"+dir+"/kustomization.yaml"] = k.implied
		}
		if err := t.inflate(dir, write); err != nil {
			return nil, err
		}
	}
	for _, file := range slices.Sorted(maps.Keys(write)) {
		if err := memory.WriteFile(file, write[file]); err != nil {
			return nil, fmt.Errorf("%s: %w", strings.TrimPrefix(file, "/tree/"), err)
		}
	}
	return memory, nil
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
		o.File = cmp.Or(o.File, s.file)
		if file, twice := seen[o.Ref]; twice {
			return nil, fmt.Errorf("%s is in %s and in %s; keep it in one of them", o.Ref, file, o.File)
		}
		seen[o.Ref] = o.File
		objects = append(objects, o)
	}
	return objects, nil
}
