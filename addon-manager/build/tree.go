package build

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"
)

// tree is the tree's files with its kustomizations read.
type tree struct {
	files map[string][]byte
	// kustomizations by directory; broken holds what could not be read.
	kustomizations map[string]types.Kustomization
	broken         map[string]error
}

func scan(files map[string][]byte) tree {
	t := tree{files: files, kustomizations: map[string]types.Kustomization{}, broken: map[string]error{}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !slices.Contains(konfig.RecognizedKustomizationFileNames(), path.Base(name)) {
			continue
		}
		var k types.Kustomization
		if err := yaml.Unmarshal(files[name], &k); err != nil {
			t.broken[path.Dir(name)] = fmt.Errorf("%s: %w", name, err)
		}
		t.kustomizations[path.Dir(name)] = k
	}
	return t
}

// addons are the top-level directories with a kustomization that is no component.
func (t tree) addons() []string {
	var names []string
	for dir, k := range t.kustomizations {
		if dir != "." && !strings.Contains(dir, "/") && k.Kind != types.ComponentKind {
			names = append(names, dir)
		}
	}
	slices.Sort(names)
	return names
}

// Addons names the addons of a tree, ordered, without building them.
func Addons(files map[string][]byte) []string { return scan(files).addons() }

// Value reads one of the cluster's values out of a tree; "" where there is none.
func Value(files map[string][]byte, key string) string {
	var values struct {
		Data map[string]string `json:"data"`
	}
	if yaml.Unmarshal(files["cluster/values.yaml"], &values) != nil {
		return ""
	}
	return values.Data[key]
}

// inputs returns the directories that a build reads, and refuses whatever
// leads out of the tree: kustomize takes a path that it does not find for a
// URL, and would fetch it.
func (t tree) inputs(addon string) ([]string, error) {
	seen := map[string]bool{}
	var visit func(dir string) error
	visit = func(dir string) error {
		if seen[dir] {
			return nil
		}
		seen[dir] = true
		if err := t.broken[dir]; err != nil {
			return err
		}
		k := t.kustomizations[dir]
		if len(k.HelmCharts)+len(k.HelmChartInflationGenerator) > 0 {
			return fmt.Errorf("%s: Helm charts are not fetched or run; commit what `helm template` prints", t.file(dir))
		}
		for _, ref := range references(k) {
			target := path.Join(dir, ref)
			_, isFile := t.files[target]
			switch {
			case path.IsAbs(ref) || target == ".." || strings.HasPrefix(target, "../"):
				return fmt.Errorf("%s: %q leads out of the addon tree", t.file(dir), ref)
			case isFile:
				if err := t.parses(target); err != nil {
					return err
				}
			case t.isKustomization(target):
				if err := visit(target); err != nil {
					return err
				}
			default:
				return fmt.Errorf("%s: %q is not in the addon tree (remote bases are refused: commit a copy)", t.file(dir), ref)
			}
		}
		return nil
	}
	if err := visit(addon); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

// parses reads a file of YAML documents as kustomize will, for a message that
// names the file and the line.
func (t tree) parses(name string) error {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
	default:
		return nil
	}
	documents := kyaml.NewDecoder(bytes.NewReader(t.files[name]))
	for {
		var node kyaml.Node
		err := documents.Decode(&node)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

func (t tree) isKustomization(dir string) bool { _, ok := t.kustomizations[dir]; return ok }

// file is the path of a directory's kustomization, for messages.
func (t tree) file(dir string) string {
	for _, base := range konfig.RecognizedKustomizationFileNames() {
		if _, ok := t.files[path.Join(dir, base)]; ok {
			return path.Join(dir, base)
		}
	}
	return dir
}

// references are the fields that kustomize would also take a URL in. The other
// file fields only ever read files.
func references(k types.Kustomization) []string {
	list := slices.Concat(k.Resources, k.Components, k.Bases, k.Crds, k.Configurations) //nolint:staticcheck // old trees use bases.
	for _, inline := range slices.Concat(k.Generators, k.Transformers, k.Validators) {
		if !strings.Contains(inline, "\n") {
			list = append(list, inline)
		}
	}
	for _, r := range k.Replacements {
		if r.Path != "" {
			list = append(list, r.Path)
		}
	}
	if p := k.OpenAPI["path"]; p != "" {
		list = append(list, p)
	}
	for _, p := range k.Patches {
		if p.Path != "" {
			list = append(list, p.Path)
		}
	}
	for _, p := range k.PatchesStrategicMerge { //nolint:staticcheck // old trees use it.
		if !strings.Contains(string(p), "\n") {
			list = append(list, string(p))
		}
	}
	return list
}

// hash covers every file below the directories that a build reads, and the
// ones that a file in another directory may be read from.
func (t tree) hash(dirs []string) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(t.files)) {
		if !slices.ContainsFunc(dirs, func(dir string) bool { return strings.HasPrefix(name, dir+"/") }) {
			continue
		}
		fmt.Fprintf(sum, "%d %s\n%d\n", len(name), name, len(t.files[name]))
		sum.Write(t.files[name])
	}
	return hex.EncodeToString(sum.Sum(nil)[:20])
}
