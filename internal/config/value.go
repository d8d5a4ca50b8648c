package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// New returns a config in which the user has set nothing.
func New() *kconfig.Config { return described().tree.NewConfig() }

// Visible says whether the field applies: whether the user can set it, and it
// is in the JSON.
func Visible(c *kconfig.Config, f *Field) bool {
	if f.Choice != nil {
		return c.ChoiceVisible(f.Choice) && c.Selected(f.Choice) != nil
	}
	return c.Visible(f.Symbol)
}

// Value is the field's value as a text: true or false, a number, a text, or
// the name of the chosen member.
func Value(c *kconfig.Config, f *Field) string {
	if f.Choice != nil {
		return f.valueOf(c.Selected(f.Choice))
	}
	return f.text(c.Value(f.Symbol))
}

// DefaultOf is the value that the field has if the user does not set it.
func DefaultOf(c *kconfig.Config, f *Field) string {
	if f.Choice != nil {
		return f.valueOf(c.DefaultMember(f.Choice))
	}
	return f.text(c.Default(f.Symbol))
}

func (f *Field) text(value string) string {
	if f.Kind == Bool {
		return strconv.FormatBool(value == "y")
	}
	return value
}

// Typed is a text of the field as JSON has it: a bool, an int or a string.
func (f *Field) Typed(text string) any {
	switch f.Kind {
	case Bool:
		return text == "true"
	case Int:
		n, _ := strconv.Atoi(text)
		return n
	}
	return text
}

// IsSet says whether the user has set the field.
func IsSet(c *kconfig.Config, f *Field) bool {
	if f.Choice == nil {
		_, ok := c.UserValue(f.Symbol)
		return ok
	}
	return chosen(c, f) != nil
}

// chosen is the member that the user chose.
func chosen(c *kconfig.Config, f *Field) *kconfig.Symbol {
	for _, m := range f.Choice.Members {
		if value, ok := c.UserValue(m); ok && value == "y" {
			return m
		}
	}
	return nil
}

// Replace makes a config what another one of the same tree is.
func Replace(c, by *kconfig.Config) {
	c.Reset()
	for _, f := range described().fields {
		if IsSet(by, f) {
			_ = f.assign(c, Value(by, f)) // a value that was read from the field
		}
	}
}

// Unset gives the field its default back.
func Unset(c *kconfig.Config, f *Field) {
	if f.Choice != nil {
		c.UnsetChoice(f.Choice)
		return
	}
	c.Unset(f.Symbol)
}

// Assign sets a field to the value that a text stands for. The error says why
// the text is no value of the field's kind; whether the value is right there
// and then, Check knows.
func Assign(c *kconfig.Config, f *Field, text string) error {
	if problem := f.assign(c, text); problem != "" {
		return errors.New(problem)
	}
	return nil
}

func (f *Field) assign(c *kconfig.Config, text string) (problem string) {
	switch f.Kind {
	case Bool:
		if text != "true" && text != "false" {
			return fmt.Sprintf("%q is not %s", text, f.Legal(c))
		}
		text = map[string]string{"true": "y", "false": "n"}[text]
	case Int:
		if problem := f.whole(c, text); problem != "" {
			return problem
		}
	case Choice:
		m := f.Choice.Member(f.Path + "." + text)
		if m == nil {
			hint := ""
			if values := f.values(c); len(values) > 1 {
				hint = didYouMean(text, values)
			}
			return fmt.Sprintf("%q is not legal, want %s%s", text, f.Legal(c), hint)
		}
		c.Choose(m)
		return ""
	case String:
		if !isText(text) {
			return fmt.Sprintf("%q has control characters in it, want %s", text, f.Legal(c))
		}
	}
	var p *kconfig.Problem
	if err := c.Set(f.Symbol.Name, text); errors.As(err, &p) {
		return p.Message + ", want " + f.Legal(c)
	} else if err != nil {
		return err.Error()
	}
	return ""
}

// whole says why a text is not a whole number in plain digits.
func (f *Field) whole(c *kconfig.Config, text string) (problem string) {
	_, err := strconv.Atoi(text)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return fmt.Sprintf("%s is out of range, want %s", text, f.Legal(c))
	case err != nil, strings.HasPrefix(text, "+"), len(text) > 1 && strings.HasPrefix(strings.TrimPrefix(text, "-"), "0"):
		return fmt.Sprintf("%q is no whole number in digits, want %s", text, f.Legal(c))
	}
	return ""
}

// values are those that a choice has now.
func (f *Field) values(c *kconfig.Config) []string {
	members := c.VisibleMembers(f.Choice)
	if len(members) == 0 {
		members = f.Choice.Members
	}
	var values []string
	for _, m := range members {
		values = append(values, f.valueOf(m))
	}
	return values
}

// Values lists what can stand for the value at a path, if that is a few.
func Values(path string) []string {
	f := Lookup(path)
	switch {
	case f == nil:
		return nil
	case f.Kind == Bool:
		return []string{"true", "false"}
	case f.Kind == Choice:
		return f.values(New())
	}
	return nil
}

// Legal says in words which values the field takes now.
func (f *Field) Legal(c *kconfig.Config) string {
	switch f.Kind {
	case Bool:
		return "true or false"
	case Int:
		low, high, _, ok := c.Range(f.Symbol)
		switch {
		case !ok:
			return "a whole number"
		case low == high:
			return low + ", the only legal value"
		}
		return fmt.Sprintf("a whole number from %s to %s", low, high)
	case Choice:
		values := f.values(c)
		if len(values) == 1 {
			return fmt.Sprintf("%q, the only legal value", values[0])
		}
		return "one of " + strings.Join(values, ", ")
	}
	return f.form.words
}
