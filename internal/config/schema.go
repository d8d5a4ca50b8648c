package config

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

//go:embed schema.json
var schema string

// Schema is the JSON Schema (2020-12) of the config: all that the Kconfig files
// and the forms of texts say. It accepts every config that Decode does.
func Schema() string { return schema }

// GenerateSchema makes Schema from the Kconfig files. The error says what in
// them a schema cannot express.
func GenerateSchema() (data []byte, err error) {
	defer func() {
		switch lack := recover().(type) {
		case nil:
		case inexpressible:
			err = lack
		default:
			panic(lack)
		}
	}()
	d := described()
	rules := d.rules()
	return object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"title", d.tree.Root.Prompt},
		{"$comment", "Generated from the Kconfig files: change them, and run make generate."},
		{"type", "object"},
		{"additionalProperties", false},
		{"properties", append(object{
			{"$schema", object{{"type", "string"}, {"description", "The schema of this file, for editors"}}},
		}, d.properties("")...)},
		{"allOf", rules},
	}.encode(), nil
}

// properties are the schemas of the keys of a group.
func (d *description) properties(group string) object {
	var list object
	for _, key := range d.keys[group] {
		path := key
		if group != "" {
			path = group + "." + key
		}
		if f := d.byName[path]; f != nil {
			list = append(list, member{key, f.schema()})
			continue
		}
		list = append(list, member{key, object{
			{"type", "object"}, {"additionalProperties", false}, {"properties", d.properties(path)},
		}})
	}
	return list
}

// schema is what holds for the field's value in any config.
func (f *Field) schema() object {
	types := map[Kind]string{Bool: "boolean", Int: "integer", String: "string", Choice: "string"}
	s := object{{"type", types[f.Kind]}, {"title", f.Prompt()}, {"description", f.fullHelp()}}
	switch {
	case f.Kind == Choice:
		var values []any
		for _, m := range f.Choice.Members {
			values = append(values, f.valueOf(m))
		}
		s = append(s, member{"enum", values})
	case f.Kind == Int:
		if low, high, ok := f.hull(); ok {
			s = append(s, member{"minimum", low}, member{"maximum", high})
		}
	case f.form.pattern != "":
		s = append(s, member{"pattern", f.form.pattern})
	}
	if value, ok := f.onlyDefault(); ok {
		s = append(s, member{"default", f.Typed(value)})
	}
	return s
}

// hull is the range that all ranges of an int are in.
func (f *Field) hull() (low, high int, ok bool) {
	for i, r := range f.Symbol.Ranges {
		from, to := bounds(r)
		if i == 0 {
			low, high = from, to
		}
		low, high = min(low, from), max(high, to)
	}
	return low, high, len(f.Symbol.Ranges) > 0 && f.Symbol.Ranges[len(f.Symbol.Ranges)-1].If == nil
}

func bounds(r *kconfig.Range) (low, high int) {
	low, errLow := strconv.Atoi(r.Low.Name)
	high, errHigh := strconv.Atoi(r.High.Name)
	if errLow != nil || errHigh != nil {
		panic(inexpressible{"a range whose bounds are symbols", r.Span})
	}
	return low, high
}

// onlyDefault is the default if it is the same in every config.
func (f *Field) onlyDefault() (string, bool) {
	defaults := f.defaults()
	if len(defaults) != 1 || defaults[0].If != nil || defaults[0].Value.Op != kconfig.OpSymbol {
		return "", false
	}
	switch s := defaults[0].Value.Symbol; {
	case f.Choice != nil:
		return f.valueOf(s), true
	case s.Defined():
		return "", false
	default:
		return f.text(s.Name), true
	}
}

func (f *Field) defaults() []*kconfig.Default {
	if f.Choice != nil {
		return f.Choice.Defaults
	}
	return f.Symbol.Defaults
}

// rules say what depends on other values: which fields apply, and which ranges
// and members there are. Fields with the same condition share a rule.
func (d *description) rules() []any {
	var rules []any
	hidden := map[string][]*Field{}
	var order []string
	conditions := map[string]formula{}
	for _, f := range d.fields {
		c := d.visibility(f)
		if c.is(true) {
			continue
		}
		key := string(c.schema().encode())
		if _, known := conditions[key]; !known {
			order, conditions[key] = append(order, key), c
		}
		hidden[key] = append(hidden[key], f)
	}
	for _, key := range order {
		var none object
		for _, f := range hidden[key] {
			none = none.with(strings.Split(f.Path, "."), false)
		}
		words := strings.ReplaceAll(conditionWords(hidden[key][0].node().Conditions()), "`", "")
		rules = append(rules, object{
			{"$comment", "Applies only if " + words},
			{"if", conditions[key].schema()}, {"else", none},
		})
	}
	for _, f := range d.fields {
		rules = append(rules, d.rangeRules(f)...)
	}
	return rules
}

func (d *description) rangeRules(f *Field) []any {
	var rules []any
	if f.Kind == Int && len(f.Symbol.Ranges) > 1 {
		before := always(true)
		for _, r := range f.Symbol.Ranges {
			low, high := bounds(r)
			holds := d.truth(r.If)
			rules = append(rules, object{
				{"if", and(before, holds).schema()},
				{"then", object{}.with(strings.Split(f.Path, "."), object{{"minimum", low}, {"maximum", high}})},
			})
			before = and(before, not(holds))
		}
	}
	if f.Kind == Choice {
		for _, m := range f.Choice.Members {
			if n := m.Nodes[0]; n.PromptIf != nil || len(n.DependsOn) > 0 {
				panic(inexpressible{"a member of a choice with a condition of its own", n.Span})
			}
		}
	}
	return rules
}

// visibility is when a field applies.
func (d *description) visibility(f *Field) formula {
	if f.Choice != nil {
		return d.conjunction(f.Choice.Nodes[0].Conditions())
	}
	any := always(false)
	for _, n := range f.Symbol.Nodes {
		if n.HasPrompt() {
			any = or(any, d.conjunction(n.Conditions()))
		}
	}
	return any
}

func (d *description) conjunction(conditions []*kconfig.Expr) formula {
	all := always(true)
	for _, e := range conditions {
		all = and(all, d.truth(e))
	}
	return all
}

// inexpressible is what no schema can say: none is better than one that lies.
// It ends the generation from wherever it is met.
type inexpressible struct {
	what string
	at   kconfig.Span
}

func (i inexpressible) Error() string {
	return fmt.Sprintf("%s: the schema cannot express %s; teach it in internal/config/schema*.go", i.at, i.what)
}
