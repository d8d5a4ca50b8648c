// Package build turns the addon tree into objects: one kustomize build per
// addon, in this process and in memory, with nothing from outside the tree.
package build

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"runtime/debug"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/yaml"
)

// WaveAnnotation on a kustomization's metadata, with the value "network", puts
// an addon before the others.
const WaveAnnotation = "turnup.dev/wave"

// Addon is one addon, built.
type Addon struct {
	Name string
	// Hash is that of everything the build reads; the same hash builds the same objects.
	Hash    string
	Network bool
	Objects []Object
	// Err says why there are no objects.
	Err error
}

// Object is one object and the file of the tree it comes from.
type Object struct {
	*unstructured.Unstructured
	File string
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
		inputs, err := t.inputs(name)
		addon := Addon{Name: name, Err: err}
		if err == nil {
			addon.Hash = t.hash(inputs)
			if known, ok := b.last[name]; ok && known.Hash == addon.Hash {
				addon = known
			} else {
				addon.Objects, addon.Network, addon.Err = t.build(name)
			}
		}
		if addon.Err != nil {
			addon.Err = fmt.Errorf("build addon %s: %w", name, addon.Err)
		} else {
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
	t := scan(files)
	addon := Addon{Name: name}
	inputs, err := t.inputs(name)
	if err == nil {
		addon.Hash = t.hash(inputs)
		addon.Objects, addon.Network, err = t.build(name)
	}
	if err != nil {
		return Addon{}, fmt.Errorf("build addon %s: %w", name, err)
	}
	return addon, nil
}

func (t tree) build(name string) (objects []Object, network bool, err error) {
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
			return nil, false, err
		}
	}
	wrapper := "buildMetadata: [originAnnotations]\nresources: [../tree/" + name + "]\n"
	if err := memory.WriteFile("/build/kustomization.yaml", []byte(wrapper)); err != nil {
		return nil, false, err
	}
	options := krusty.MakeDefaultOptions()
	options.LoadRestrictions = types.LoadRestrictionsRootOnly
	options.PluginConfig = types.DisabledPluginConfig()
	result, err := krusty.MakeKustomizer(options).Run(memory, "/build")
	if err != nil {
		return nil, false, readable(err)
	}
	objects, err = decode(result)
	return objects, t.kustomizations[name].MetaData != nil &&
		t.kustomizations[name].MetaData.Annotations[WaveAnnotation] == "network", err
}

func decode(result resmap.ResMap) ([]Object, error) {
	objects := make([]Object, 0, result.Size())
	for _, resource := range result.Resources() {
		data, err := resource.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", resource.CurId(), err)
		}
		object := Object{Unstructured: &unstructured.Unstructured{}}
		if err := object.UnmarshalJSON(data); err != nil {
			return nil, fmt.Errorf("%s: %w", resource.CurId(), err)
		}
		object.File = origin(object.Unstructured)
		if err := sane(object.Unstructured, resource.CurId()); err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// sane refuses what the API server would refuse with less to go by.
func sane(u *unstructured.Unstructured, id resid.ResId) error {
	if u.GetName() == "" {
		return fmt.Errorf("%s has no metadata.name (generateName is not possible: the same object must be found again)", id)
	}
	if u.GetAPIVersion() == "" {
		return fmt.Errorf("%s %s has no apiVersion", u.GetKind(), u.GetName())
	}
	return nil
}

const originAnnotation = "config.kubernetes.io/origin"

// origin takes the origin annotation off again and returns the file it names.
func origin(u *unstructured.Unstructured) string {
	annotations := u.GetAnnotations()
	note, ok := annotations[originAnnotation]
	if !ok {
		return ""
	}
	delete(annotations, originAnnotation)
	if len(annotations) == 0 {
		annotations = nil
	}
	u.SetAnnotations(annotations)
	var from struct {
		Path         string `json:"path"`
		ConfiguredIn string `json:"configuredIn"`
	}
	if yaml.Unmarshal([]byte(note), &from) != nil {
		return ""
	}
	return strings.TrimPrefix(path.Join("/build", cmp.Or(from.Path, from.ConfiguredIn)), "/tree/")
}

// readable takes the layers off kustomize's messages that speak of our own directories.
func readable(err error) error {
	text := strings.ReplaceAll(err.Error(), "/tree/", "")
	if i := strings.LastIndex(text, "accumulating resources: "); i > 0 {
		text = strings.TrimPrefix(text[i:], "accumulating resources: ")
	}
	return errors.New(text)
}
