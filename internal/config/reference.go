package config

import (
	"bytes"
	"fmt"
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// Reference is Kconfig.md: every field in the order of the menus.
func Reference() []byte {
	d := described()
	var out bytes.Buffer
	fmt.Fprintf(&out, `<!-- Generated from the Kconfig files: change them, and run make generate. -->

# %s

Everything that can be configured, as `+"`kubectl turnup config`"+` asks for it. A name is the path in the JSON:
`+"`provision.workers`"+` is `+"`{\"provision\": {\"workers\": 2}}`"+`. What is left out has its default.

| symbol | what | default |
|---|---|---|
`, d.tree.Root.Prompt)
	for _, f := range d.fields {
		fmt.Fprintf(&out, "| [`%s`](#%s) | %s | %s |\n", f.Path, anchor(f.Path), cell(f.Prompt()), cell(f.defaultWords()))
	}
	r := reference{out: &out, done: map[*Field]bool{}}
	r.menu(d.tree.Root, 2)
	return out.Bytes()
}

// anchor is what a heading's link is on the usual sites.
func anchor(path string) string { return strings.ReplaceAll(path, ".", "") }

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

type reference struct {
	out  *bytes.Buffer
	done map[*Field]bool
}

func (r *reference) menu(n *kconfig.Node, level int) {
	for _, child := range n.Children {
		var f *Field
		switch child.Kind {
		case kconfig.KindMenu:
			fmt.Fprintf(r.out, "\n%s %s\n", strings.Repeat("#", level), child.Prompt)
			if conditions := child.Conditions(); len(conditions) > 0 {
				fmt.Fprintf(r.out, "\nApplies if %s.\n", conditionWords(conditions))
			}
			r.menu(child, min(level+1, 5))
			continue
		case kconfig.KindComment:
			continue
		case kconfig.KindChoice:
			f = Lookup(child.Choice.Name)
		default:
			f = Lookup(child.Symbol.Name)
		}
		if f != nil && !r.done[f] {
			r.done[f] = true
			r.field(f, level)
		}
		if f == nil || f.Choice == nil {
			r.menu(child, level)
		}
	}
}

func (r *reference) field(f *Field, level int) {
	file, _, _ := strings.Cut(f.Place(), ":")
	fmt.Fprintf(r.out, "\n%s `%s`\n\n%s.\n\n", strings.Repeat("#", level), f.Path, f.Prompt())
	fmt.Fprintf(r.out, "* Default: %s\n* Legal: %s\n", f.defaultWords(), f.legalWords())
	if conditions := f.node().Conditions(); len(conditions) > 0 {
		fmt.Fprintf(r.out, "* Applies if %s\n", conditionWords(conditions))
	}
	fmt.Fprintf(r.out, "* Described in [%s](%s)\n", file, file)
	if help := strings.TrimSpace(f.Help()); help != "" {
		fmt.Fprintf(r.out, "\n%s\n", help)
	}
	if f.Choice == nil {
		return
	}
	r.out.WriteByte('\n')
	for _, m := range f.Choice.Members {
		prompt := strings.TrimPrefix(strings.TrimPrefix(m.Prompt(), f.valueOf(m)), ": ")
		if prompt != "" {
			prompt = " (" + prompt + ")"
		}
		fmt.Fprintf(r.out, "* `%s`%s: %s\n", f.valueOf(m), prompt, strings.ReplaceAll(strings.TrimSpace(m.Help()), "\n", "\n  "))
	}
}

// defaultWords are all defaults with their conditions.
func (f *Field) defaultWords() string {
	var words []string
	for _, d := range f.defaults() {
		value := d.Value.String()
		switch s := d.Value.Symbol; {
		case s == nil || f.Choice == nil && s.Defined():
		case f.Choice != nil:
			value = f.valueOf(s)
		default:
			value = f.text(s.Name)
		}
		word := "`" + value + "`"
		if value == "" {
			word = "empty"
		}
		if d.If != nil {
			word += " if " + conditionWords(d.If.Terms())
		}
		words = append(words, word)
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", else ")
}

// legalWords are all legal values with their conditions.
func (f *Field) legalWords() string {
	if f.Kind != Int {
		return f.Legal(New())
	}
	var words []string
	for _, r := range f.Symbol.Ranges {
		word := fmt.Sprintf("%s to %s", r.Low.Name, r.High.Name)
		if r.Low.Name == r.High.Name {
			word = r.Low.Name
		}
		if r.If != nil {
			word += " if " + conditionWords(r.If.Terms())
		}
		words = append(words, word)
	}
	return strings.Join(words, ", else ")
}

// conditionWords write conditions without anybody's values.
func conditionWords(conditions []*kconfig.Expr) string {
	var words []string
	for _, e := range conditions {
		s, op := e, "="
		if e.Op == kconfig.OpNot {
			s, op = e.Left, "!="
		}
		word := e.String()
		if s.Op == kconfig.OpSymbol && s.Symbol.Choice != nil && s.Symbol.Choice.Name != "" {
			f := Lookup(s.Symbol.Name)
			word = fmt.Sprintf("%s %s %s", f.Path, op, f.valueOf(s.Symbol))
		}
		words = append(words, "`"+word+"`")
	}
	return strings.Join(words, " and ")
}
