package build

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// tree is the tree's files with its kustomizations read.
type tree struct {
	files map[string][]byte
	// names are those of the files, sorted.
	names []string
	// kustomizations by directory.
	kustomizations map[string]kustomization
	sums           map[string][sha256.Size]byte
}

// kustomization is one kustomization file, or what stands for one.
type kustomization struct {
	types.Kustomization
	// file is where it is; of an implied one, the directory.
	file string
	sum  [sha256.Size]byte
	// implied is what stands in the place of the file in a directory of plain manifests.
	implied []byte
	// err says why it could not be read.
	err error
}

// scan finds the kustomizations of a tree. Those that are as they were in known are not read again.
func scan(files map[string][]byte, known map[string]kustomization) tree {
	t := tree{files: files, kustomizations: map[string]kustomization{}, sums: map[string][sha256.Size]byte{}}
	for name := range files {
		if fs.ValidPath(name) {
			t.names = append(t.names, name)
		}
	}
	slices.Sort(t.names)
	for _, name := range t.names {
		if !slices.Contains(konfig.RecognizedKustomizationFileNames(), path.Base(name)) {
			continue
		}
		dir := path.Dir(name)
		if other, twice := t.kustomizations[dir]; twice {
			other.err = fmt.Errorf("%s: %s is there as well; keep one of them", other.file, path.Base(name))
			t.kustomizations[dir] = other
			continue
		}
		sum := t.sum(name)
		if k, same := known[dir]; same && k.file == name && k.sum == sum && k.implied == nil {
			t.kustomizations[dir] = k
			continue
		}
		k := kustomization{file: name, sum: sum}
		k.err = k.read(files[name])
		t.kustomizations[dir] = k
	}
	for _, dir := range t.directories() {
		if _, has := t.kustomizations[dir]; !has {
			if k, plain := t.imply(dir); plain {
				t.kustomizations[dir] = k
			}
		}
	}
	return t
}

// read reads a kustomization as strictly as kustomize will, for a message with a line.
func (k *kustomization) read(data []byte) error {
	// The kind and the annotations count even where the rest cannot be read.
	if yaml.Unmarshal(data, &k.Kustomization) != nil && regexp.MustCompile(`(?m)^kind: *Component\b`).Match(data) {
		k.Kind = types.ComponentKind
	}
	var strict types.Kustomization
	err := strict.Unmarshal(data)
	if err == nil {
		return nil
	}
	text := err.Error()
	if i := strings.LastIndex(text, "invalid Kustomization: "); i >= 0 {
		text = text[i+len("invalid Kustomization: "):]
	}
	text = strings.TrimPrefix(strings.TrimPrefix(text, "json: "), "yaml: ")
	if found := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(text); found != nil {
		return fmt.Errorf("%s:%s: %s", k.file, found[1], strings.TrimPrefix(text, found[0]))
	}
	if found := regexp.MustCompile(`unknown field "([^"]+)"`).FindStringSubmatch(text); found != nil {
		return fmt.Errorf("%s: unknown field %q", place(k.file, data, found[1]+":"), found[1])
	}
	if found := regexp.MustCompile(`cannot unmarshal (\w+) into Go struct field \w+\.(?:\w+\.)*?(\w+) of type (\S+)`).FindStringSubmatch(text); found != nil {
		hint := ""
		if found[3] == "string" && (found[1] == "bool" || found[1] == "number") {
			hint = " (quote it: YAML takes the text for something else)"
		}
		return fmt.Errorf("%s: %s cannot be of type %s%s", place(k.file, data, found[2]+":"), found[2], found[1], hint)
	}
	return fmt.Errorf("%s: %s", k.file, text)
}

// directories are the top-level directories that may be addons.
func (t tree) directories() []string {
	var dirs []string
	for _, name := range t.names {
		dir, _, below := strings.Cut(name, "/")
		if below && !hidden(dir) && (len(dirs) == 0 || dirs[len(dirs)-1] != dir) {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs) // So far "a-b" came before "a".
	return dirs
}

// addons are the top-level directories with a kustomization that is no component.
func (t tree) addons() []string {
	var names []string
	for _, dir := range t.directories() {
		if k, ok := t.kustomizations[dir]; ok && k.Kind != types.ComponentKind && len(validation.IsDNS1123Label(dir)) == 0 {
			names = append(names, dir)
		}
	}
	return names
}

// hidden tells whether a name says that what is there is not for the cluster.
func hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") }

// Addons names the addons of a tree, ordered, without building them.
func Addons(files map[string][]byte) []string { return scan(files, nil).addons() }

// Problems are what is wrong with a tree beyond any one addon: files and
// directories that cannot be told to be one. While there are any, a missing addon
// may be a misnamed one, and nothing should be pruned.
func Problems(files map[string][]byte) []error {
	t := scan(files, nil)
	var list []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !fs.ValidPath(name) {
			list = append(list, fmt.Errorf("%q is no path within the addon tree", name))
		}
	}
	for _, dir := range t.directories() {
		k, ok := t.kustomizations[dir]
		if !ok || k.Kind == types.ComponentKind {
			continue
		}
		if wrong := validation.IsDNS1123Label(dir); len(wrong) > 0 {
			list = append(list, fmt.Errorf(
				"directory %s cannot be an addon: its name would name objects; use at most 63 of a-z, 0-9 and '-', or begin it with '_' if it is none", dir))
		}
	}
	return list
}

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

// below returns the names of the files in a directory and its directories.
func (t tree) below(dir string) []string {
	if dir == "." {
		return t.names
	}
	from, _ := slices.BinarySearch(t.names, dir+"/")
	to, _ := slices.BinarySearch(t.names, dir+"0") // '0' follows '/'.
	return t.names[from:to]
}

// sum is a file's digest, made once per tree however many addons read it.
func (t tree) sum(name string) [sha256.Size]byte {
	sum, known := t.sums[name]
	if !known {
		sum = sha256.Sum256(t.files[name])
		t.sums[name] = sum
	}
	return sum
}

// hash covers every file below the directories that a build reads.
func (t tree) hash(dirs []string) string {
	all := sha256.New()
	last := ""
	for _, dir := range slices.Sorted(slices.Values(dirs)) {
		if last != "" && strings.HasPrefix(dir, last+"/") {
			continue
		}
		last = dir
		for _, name := range t.below(dir) {
			sum := t.sum(name)
			fmt.Fprintf(all, "%d %s %x\n", len(name), name, sum)
		}
	}
	return hex.EncodeToString(all.Sum(nil)[:20])
}

// place is a file and the line in which a text first stands.
func place(file string, data []byte, text string) string {
	if i := strings.Index(string(data), text); i >= 0 && text != "" {
		return fmt.Sprintf("%s:%d", file, strings.Count(string(data[:i]), "\n")+1)
	}
	return file
}
