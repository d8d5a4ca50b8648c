package config

import (
	"fmt"
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// Explanation answers "why is this so?" for one field.
type Explanation struct {
	Path   string `json:"path"`
	Kind   Kind   `json:"kind"`
	Prompt string `json:"prompt"`
	Help   string `json:"help"`
	// Applies says whether the field is in the JSON; if not, Value and Default
	// are nil and Unmet says why.
	Applies bool `json:"applies"`
	Value   any  `json:"value"`
	Default any  `json:"default"`
	// From is "user", or what else the value comes from and where that is.
	From  string `json:"from,omitempty"`
	Legal string `json:"legal"`
	// Conditions must all hold for the field to apply; Unmet do not.
	Conditions []string `json:"conditions,omitempty"`
	Unmet      []string `json:"unmet,omitempty"`
	// Place is the line of the Kconfig file that defines the field.
	Place      string      `json:"place"`
	Dependents []Dependent `json:"dependents,omitempty"`
}

// Dependent is a field that another one decides about: how, and where that is
// said.
type Dependent struct {
	Path     string `json:"path"`
	Relation string `json:"relation"`
	Place    string `json:"place"`
}

// Explain says what a field is, its value, and why it is so. A member of a
// choice is explained by its choice.
func Explain(c *kconfig.Config, path string) (Explanation, error) {
	f := Lookup(path)
	if f == nil {
		return Explanation{}, Problems{{Path: path, Text: noField(path)}}
	}
	x := Explanation{
		Path: f.Path, Kind: f.Kind, Prompt: f.Prompt(), Help: f.fullHelp(), Place: f.Place(),
		Applies: Visible(c, f), Legal: f.Legal(c), Dependents: f.dependents(),
	}
	for _, e := range f.node().Conditions() {
		x.Conditions = append(x.Conditions, Wording(c, kconfig.Condition{Expr: e, Text: e.String()}))
	}
	if !x.Applies {
		x.Unmet = Unmet(c, f)
		return x, nil
	}
	x.Value, x.Default, x.From = f.Typed(Value(c, f)), f.Typed(DefaultOf(c, f)), f.from(c)
	return x, nil
}

// node is the first definition.
func (f *Field) node() *kconfig.Node {
	if f.Choice != nil {
		return f.Choice.Nodes[0]
	}
	return f.Symbol.Nodes[0]
}

// fullHelp is the help text, and those of a choice's members.
func (f *Field) fullHelp() string {
	help := strings.TrimRight(f.Help(), "\n")
	if f.Choice == nil {
		return help
	}
	for _, m := range f.Choice.Members {
		text := strings.ReplaceAll(strings.TrimRight(m.Help(), "\n"), "\n", "\n  ")
		help += fmt.Sprintf("\n\n%s\n  %s", m.Prompt(), text)
	}
	return help
}

// from says where the value comes from.
func (f *Field) from(c *kconfig.Config) string {
	if IsSet(c, f) {
		return "user"
	}
	var origin kconfig.Origin
	if f.Choice != nil {
		origin = c.Origin(c.Selected(f.Choice))
	} else {
		origin = c.Origin(f.Symbol)
	}
	switch {
	case len(origin.By) > 0:
		var by []string
		for _, s := range origin.By {
			by = append(by, s.Name)
		}
		return fmt.Sprintf("%s by %s", origin.Kind, strings.Join(by, ", "))
	case origin.Span.File != "":
		return fmt.Sprintf("the default at %s:%d", origin.Span.File, origin.Span.Line)
	case f.Choice != nil:
		return "the first that applies"
	}
	return "nothing: it has no default"
}

// dependents are the fields whose visibility, range or default this one is in.
func (f *Field) dependents() []Dependent {
	symbols := []*kconfig.Symbol{f.Symbol}
	if f.Choice != nil {
		symbols = f.Choice.Members
	}
	found := map[*Field]Dependent{}
	for _, s := range symbols {
		for _, d := range Tree().Dependents(s) {
			var on *Field
			switch {
			case d.Node.Choice != nil:
				on = Lookup(d.Node.Choice.Name)
			case d.Node.Symbol != nil:
				on = Lookup(d.Node.Symbol.Name)
			}
			if on == nil || on == f {
				continue
			}
			if _, known := found[on]; !known {
				found[on] = Dependent{on.Path, string(d.Relation), fmt.Sprintf("%s:%d", d.Span.File, d.Span.Line)}
			}
		}
	}
	var list []Dependent
	for _, other := range Fields() {
		if d, ok := found[other]; ok {
			list = append(list, d)
		}
	}
	return list
}
