package build

import (
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// inputs are what a build reads.
type inputs struct {
	// kustomizations are the directories of those that take part.
	kustomizations []string
	// charts are the directories of vendored Helm charts.
	charts []string
	// documents are the files that kustomize parses, for messages.
	documents []string
}

// directories are all that is read, and so what an addon's hash covers.
func (i inputs) directories() []string { return slices.Concat(i.kustomizations, i.charts) }

// walk follows the references between kustomizations.
type walk struct {
	tree
	addon     string
	seen      map[string]bool
	charts    map[string]bool
	documents map[string]bool
}

// inputs finds what a build reads, and refuses whatever leads out of the tree:
// kustomize takes a path that it does not find for a URL, and would fetch it.
func (t tree) inputs(addon string) (inputs, error) {
	w := walk{tree: t, addon: addon, seen: map[string]bool{}, charts: map[string]bool{}, documents: map[string]bool{}}
	err := w.visit(addon, nil, false)
	return inputs{slices.Sorted(maps.Keys(w.seen)), slices.Sorted(maps.Keys(w.charts)), slices.Sorted(maps.Keys(w.documents))}, err
}

// visit checks one kustomization. from are those that led here; plugins says
// that what it builds configures kustomize.
func (w walk) visit(dir string, from []string, plugins bool) error {
	if slices.Contains(from, dir) {
		circle := append(slices.Clone(from[slices.Index(from, dir):]), dir)
		return fmt.Errorf("%s: the kustomizations refer to each other in a circle: %s",
			w.place(from[len(from)-1], path.Base(dir)), strings.Join(circle, " -> "))
	}
	if w.seen[dir] && !plugins {
		return nil
	}
	w.seen[dir] = true
	k := w.kustomizations[dir]
	if k.err != nil {
		return k.err
	}
	from = append(slices.Clone(from), dir)
	for _, ref := range bases(k.Kustomization) {
		if err := w.follow(dir, ref, from, plugins); err != nil {
			return err
		}
	}
	for _, ref := range slices.Concat(k.Generators, k.Transformers, k.Validators) {
		if inline(ref) {
			if err := plugin(k.file, []byte(ref)); err != nil {
				return err
			}
		} else if err := w.follow(dir, ref, from, true); err != nil {
			return err
		}
	}
	for _, ref := range loads(k.Kustomization) {
		if err := w.load(dir, ref); err != nil {
			return err
		}
	}
	return w.vendored(dir)
}

// follow checks a reference to a manifest or another kustomization.
func (w walk) follow(dir, ref string, from []string, plugins bool) error {
	target := path.Join(dir, ref)
	k, isBase := w.kustomizations[target]
	_, isFile := w.files[target]
	switch {
	case w.outside(dir, ref) != nil:
		return w.outside(dir, ref)
	case isFile:
		if err := w.load(dir, ref); err != nil {
			return err
		}
		w.documents[target] = true
		if plugins {
			return plugin(target, w.files[target])
		}
		return nil
	case isBase && k.implied == nil:
		return w.visit(target, from, plugins)
	}
	return w.missing(dir, ref)
}

// load checks a reference to a file; kustomize reads files below a kustomization only.
func (w walk) load(dir, ref string) error {
	if err := w.outside(dir, ref); err != nil {
		return err
	}
	target := path.Join(dir, ref)
	if _, ok := w.files[target]; !ok {
		return w.missing(dir, ref)
	}
	if !strings.HasPrefix(target, dir+"/") && dir != "." {
		return fmt.Errorf("%s: %q is not below %s; kustomize reads files only from there (refer to its directory, with a kustomization in it)",
			w.place(dir, ref), ref, dir)
	}
	return nil
}

func (w walk) outside(dir, ref string) error {
	target := path.Join(dir, ref)
	switch {
	case remote(ref):
		return fmt.Errorf("%s: %q is not in the addon tree: nothing is fetched; commit a copy", w.place(dir, ref), ref)
	case path.IsAbs(ref):
		return fmt.Errorf("%s: %q is an absolute path, and so not in the addon tree; commit a copy", w.place(dir, ref), ref)
	case target == ".." || strings.HasPrefix(target, "../"):
		return fmt.Errorf("%s: %q leads out of the addon tree; commit a copy", w.place(dir, ref), ref)
	}
	return nil
}

func (w walk) missing(dir, ref string) error {
	return fmt.Errorf("%s: %q: there is no %s in the addon tree", w.place(dir, ref), ref, path.Join(dir, ref))
}

// place is a kustomization's file and the line of a reference.
func (t tree) place(dir, ref string) string {
	k := t.kustomizations[dir]
	if k.implied != nil {
		return k.file
	}
	return place(k.file, t.files[k.file], ref)
}

// remote tells whether kustomize would fetch a reference.
func remote(ref string) bool {
	u, err := url.Parse(ref)
	return err == nil && u.Scheme != "" || err != nil && strings.Contains(ref, ":") || strings.Contains(ref, "?ref=") ||
		strings.HasPrefix(ref, "git@") || strings.HasPrefix(ref, "github.com/")
}

// bases are the references that may be manifests or kustomizations.
func bases(k types.Kustomization) []string {
	return slices.Concat(k.Resources, k.Components, k.Bases) //nolint:staticcheck // old trees use bases.
}

// loads are the references to files, in whatever field.
func loads(k types.Kustomization) []string {
	list := slices.Concat(k.Crds, k.Configurations)
	if p := k.OpenAPI["path"]; p != "" {
		list = append(list, p)
	}
	for _, r := range k.Replacements {
		list = append(list, r.Path)
	}
	for _, p := range k.Patches {
		list = append(list, p.Path)
	}
	for _, p := range k.PatchesJson6902 { //nolint:staticcheck // old trees use it.
		list = append(list, p.Path)
	}
	for _, p := range k.PatchesStrategicMerge { //nolint:staticcheck // old trees use it.
		if !inline(string(p)) {
			list = append(list, string(p))
		}
	}
	for _, g := range k.ConfigMapGenerator {
		list = append(list, sources(g.KvPairSources)...)
	}
	for _, g := range k.SecretGenerator {
		list = append(list, sources(g.KvPairSources)...)
	}
	return slices.DeleteFunc(list, func(ref string) bool { return ref == "" })
}

// sources are the files of a generator.
func sources(s types.KvPairSources) []string {
	list := append(slices.Clone(s.EnvSources), s.EnvSource)
	for _, file := range s.FileSources {
		if _, value, named := strings.Cut(file, "="); named {
			file = value
		}
		list = append(list, file)
	}
	return list
}

// inline tells whether what could be a path is YAML itself.
func inline(ref string) bool {
	return strings.Contains(ref, "\n") || strings.HasPrefix(strings.TrimSpace(ref), "{")
}

// plugin checks a configuration of kustomize: only what is built in runs, and
// that reads files of the tree only.
func plugin(file string, data []byte) error {
	return eachDocument(file, data, func(node *kyaml.Node) error {
		config := kyaml.NewRNode(node)
		annotations := config.GetAnnotations()
		switch {
		case config.GetApiVersion() != "builtin" || annotations["config.kubernetes.io/function"] != "" || annotations["config.k8s.io/function"] != "":
			return fmt.Errorf("%s: %s %s is a plugin that would run a program; only those built into kustomize (apiVersion: builtin) are possible",
				file, config.GetKind(), config.GetName())
		case strings.HasPrefix(config.GetKind(), "HelmChartInflation"):
			return fmt.Errorf("%s: a Helm chart is given in the field helmCharts of a kustomization", file)
		}
		if ref := fetched(node, ""); ref != "" {
			return fmt.Errorf("%s: %q is not in the addon tree: nothing is fetched; commit a copy", file, ref)
		}
		return nil
	})
}

// fetched finds what a built-in plugin would fetch.
func fetched(node *kyaml.Node, key string) string {
	switch node.Kind {
	case kyaml.ScalarNode:
		if strings.Contains(node.Value, "://") &&
			slices.Contains([]string{"path", "paths", "files", "env", "envs", "repo", "replacements"}, key) {
			return node.Value
		}
	case kyaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if ref := fetched(node.Content[i+1], node.Content[i].Value); ref != "" {
				return ref
			}
		}
	case kyaml.SequenceNode, kyaml.DocumentNode:
		for _, item := range node.Content {
			if ref := fetched(item, key); ref != "" {
				return ref
			}
		}
	}
	return ""
}
