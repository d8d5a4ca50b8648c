package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	turnup "turnup.dev/kubectl-turnup"
	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// Kind is the type of a field's value.
type Kind string

// The kinds of fields. A choice is a string out of a few.
const (
	Bool   Kind = "bool"
	Int    Kind = "int"
	String Kind = "string"
	Choice Kind = "choice"
)

// Field is one leaf of the config: what may stand at a JSON path. It is a
// symbol, or a named choice, whose members are its values.
type Field struct {
	// Path is the dotted JSON path, "provision.workers".
	Path string
	Kind Kind
	// Symbol is nil for a Choice, and Choice for everything else.
	Symbol *kconfig.Symbol
	Choice *kconfig.Choice

	// form is what a String has to look like.
	form form
	// at is where the value is in a Cluster.
	at []int
}

// Prompt is what a person reads.
func (f *Field) Prompt() string {
	if f.Choice != nil {
		return f.Choice.Prompt()
	}
	return f.Symbol.Prompt()
}

// Help is the help text.
func (f *Field) Help() string {
	if f.Choice != nil {
		return f.Choice.Help()
	}
	return f.Symbol.Help()
}

// Place is the line of the Kconfig file that defines the field.
func (f *Field) Place() string {
	span := kconfig.Span{}
	if f.Choice != nil {
		span = f.Choice.Span()
	} else {
		span = f.Symbol.Span()
	}
	return fmt.Sprintf("%s:%d", span.File, span.Line)
}

// valueOf is the JSON value that a member of the choice stands for.
func (f *Field) valueOf(member *kconfig.Symbol) string {
	if member == nil {
		return ""
	}
	return strings.TrimPrefix(member.Name, f.Path+".")
}

// description is the Kconfig tree and how JSON and Go lay it out.
type description struct {
	tree   *kconfig.Tree
	fields []*Field
	// byName finds a field by its path, and a choice also by its members.
	byName map[string]*Field
	// keys are the keys of each group, in order; "" is the whole config.
	keys map[string][]string
}

// described reads the Kconfig files when they are asked for, and once.
var described = sync.OnceValue(func() *description {
	d, err := freshly()
	if err != nil {
		// They are part of the program, and a test has read the same ones.
		panic("read the embedded Kconfig files: " + err.Error())
	}
	return d
})

func freshly() (*description, error) {
	tree, err := kconfig.Parse(turnup.Kconfig, "Kconfig")
	if err != nil {
		return nil, err
	}
	return describe(tree), nil
}

// Tree is the description of the config.
func Tree() *kconfig.Tree { return described().tree }

// Fields lists every leaf of the config in the order of the file.
func Fields() []*Field { return described().fields }

// Lookup finds the field of a path, of a symbol's name, or of the name of a
// choice's member; it returns nil for a name of none.
func Lookup(name string) *Field { return described().byName[name] }

func describe(tree *kconfig.Tree) *description {
	d := &description{tree: tree, byName: map[string]*Field{}, keys: map[string][]string{}}
	for n := range tree.Nodes() {
		switch {
		case n.Choice != nil && n.Choice.Name != "":
			d.add(&Field{Path: n.Choice.Name, Kind: Choice, Choice: n.Choice})
		case n.Symbol != nil && n.Symbol.Choice == nil:
			kind := map[kconfig.Type]Kind{kconfig.Bool: Bool, kconfig.Int: Int}[n.Symbol.Type]
			if kind == "" {
				kind = String
			}
			d.add(&Field{Path: n.Symbol.Name, Kind: kind, Symbol: n.Symbol})
		}
	}
	forms := forms()
	for _, f := range d.fields {
		f.form = forms[f.Path]
		f.at = indexOf(reflect.TypeFor[Cluster](), strings.Split(f.Path, "."))
		if f.Choice != nil {
			for _, m := range f.Choice.Members {
				d.byName[m.Name] = f
			}
		}
	}
	return d
}

func (d *description) add(f *Field) {
	if d.byName[f.Path] != nil {
		return // defined twice
	}
	d.fields = append(d.fields, f)
	d.byName[f.Path] = f
	for path := f.Path; path != ""; {
		group, key := "", path
		if i := strings.LastIndexByte(path, '.'); i >= 0 {
			group, key = path[:i], path[i+1:]
		}
		if !slices.Contains(d.keys[group], key) {
			d.keys[group] = append(d.keys[group], key)
		}
		path = group
	}
}

// groups lists the paths of the objects in the config, sorted.
func (d *description) groups() []string {
	var list []string
	for group := range d.keys {
		if group != "" {
			list = append(list, group)
		}
	}
	slices.Sort(list)
	return list
}

// paths lists the paths of all fields.
func (d *description) paths() []string {
	list := make([]string, len(d.fields))
	for i, f := range d.fields {
		list[i] = f.Path
	}
	return list
}

// indexOf finds the struct field that JSON keys lead to; nil if there is none.
func indexOf(typ reflect.Type, keys []string) []int {
	for i := range typ.NumField() {
		field := typ.Field(i)
		switch {
		case field.Anonymous:
			if rest := indexOf(field.Type, keys); rest != nil {
				return append([]int{i}, rest...)
			}
		case field.Tag.Get("json") != keys[0]:
		case len(keys) == 1:
			return []int{i}
		case field.Type.Kind() == reflect.Struct:
			if rest := indexOf(field.Type, keys[1:]); rest != nil {
				return append([]int{i}, rest...)
			}
		}
	}
	return nil
}
