package kconfig

import "iter"

// Config is one configuration of a tree: what a user set, and the values of
// all symbols that follow from it. Values are computed when they are asked for
// and kept until the next change.
type Config struct {
	tree *Tree
	user []userValue
	// order counts assignments: the latest y of a choice wins.
	order int
	// epoch counts changes; states of an older one are stale.
	epoch   int
	symbols []symbolState
	choices []choiceState
	scopes  []scopeState
}

// userValue is what a user set; order is 0 if nothing was.
type userValue struct {
	text  string
	order int
}

// NewConfig returns a configuration in which the user has set nothing.
func (t *Tree) NewConfig() *Config {
	return &Config{
		tree:    t,
		user:    make([]userValue, len(t.Symbols)),
		epoch:   1,
		symbols: make([]symbolState, len(t.Symbols)),
		choices: make([]choiceState, len(t.Choices)),
		scopes:  make([]scopeState, t.scopes),
	}
}

// Tree is the tree that is configured.
func (c *Config) Tree() *Tree { return c.tree }

// Clone returns an independent configuration with the same user values.
func (c *Config) Clone() *Config {
	clone := c.tree.NewConfig()
	copy(clone.user, c.user)
	clone.order = c.order
	return clone
}

// Set sets what the user wants: y or n, a number, or a text. The error is a
// *Problem if the name is unknown or the value is not of the symbol's type.
// That the symbol is invisible or the value out of range is not an error here,
// since what is set later may change that: ask UserValueProblem at the end.
func (c *Config) Set(name, value string) error {
	s := c.tree.Symbol(name)
	if s == nil {
		return c.tree.unknown(name)
	}
	if p := wrongType(s, value); p != nil {
		return p
	}
	c.order++
	c.user[s.id] = userValue{value, c.order}
	c.epoch++
	return nil
}

// Choose makes a member the selected one of its choice, as a person does who
// picks it from the list: what was set for the other members is forgotten.
func (c *Config) Choose(member *Symbol) {
	if member.Choice == nil {
		return
	}
	for _, m := range member.Choice.Members {
		c.user[m.id] = userValue{}
	}
	c.order++
	c.user[member.id] = userValue{"y", c.order}
	c.epoch++
}

// SetChoice chooses the member of a named choice by its name, with or without
// the choice's name in front. The error is a *Problem.
func (c *Config) SetChoice(choice, member string) error {
	ch := c.tree.Choice(choice)
	if ch == nil {
		return c.tree.unknown(choice)
	}
	m := ch.Member(member)
	if m == nil {
		return notMember(ch, member)
	}
	c.Choose(m)
	return nil
}

// Unset forgets what the user set for a symbol.
func (c *Config) Unset(s *Symbol) {
	c.user[s.id] = userValue{}
	c.epoch++
}

// UnsetChoice forgets what the user set for the members of a choice.
func (c *Config) UnsetChoice(ch *Choice) {
	for _, m := range ch.Members {
		c.user[m.id] = userValue{}
	}
	c.epoch++
}

// Reset forgets everything that the user set.
func (c *Config) Reset() {
	clear(c.user)
	c.order = 0
	c.epoch++
}

// UserValue is what the user set for a symbol, whether it counts or not.
func (c *Config) UserValue(s *Symbol) (value string, ok bool) {
	if !s.Defined() {
		return "", false
	}
	u := c.user[s.id]
	return u.text, u.order > 0
}

// UserSet walks the symbols that the user set a value for.
func (c *Config) UserSet() iter.Seq[*Symbol] {
	return func(yield func(*Symbol) bool) {
		for i, u := range c.user {
			if u.order > 0 && !yield(c.tree.Symbols[i]) {
				return
			}
		}
	}
}

// Value is the symbol's value: y or n for a bool, and for a constant or an
// undefined word its text.
func (c *Config) Value(s *Symbol) string { return c.text(s) }

// Bool says whether a bool is y. It is false for every other type.
func (c *Config) Bool(s *Symbol) bool { return c.yes(s) }

// Visible says whether the user can change the symbol: whether one of its
// prompts is visible.
func (c *Config) Visible(s *Symbol) bool {
	return s.Defined() && c.symbol(s).visible
}

// Written says whether the symbol belongs in a configuration file: it is
// visible, or its value comes from a default, a select or an imply.
func (c *Config) Written(s *Symbol) bool {
	return s.Defined() && c.symbol(s).written
}

// Default is the value that the symbol has if the user does not set it (and,
// for a member of a choice, no other member).
func (c *Config) Default(s *Symbol) string {
	if !s.Defined() {
		return s.Name
	}
	if s.Choice != nil {
		return tri(c.defaultMember(s.Choice) == s)
	}
	st := symbolState{visible: c.symbol(s).visible}
	c.compute(s, userValue{}, &st)
	return st.value(s)
}

// ChoiceVisible says whether the user can choose a member of a choice.
func (c *Config) ChoiceVisible(ch *Choice) bool { return c.mode(ch) }

// Selected is the member of a choice that is y, or nil if none is visible.
func (c *Config) Selected(ch *Choice) *Symbol { return c.selection(ch).selected }

// DefaultMember is the member that is selected if the user sets none.
func (c *Config) DefaultMember(ch *Choice) *Symbol { return c.defaultMember(ch) }

// VisibleMembers are the members of a choice that can be chosen now.
func (c *Config) VisibleMembers(ch *Choice) []*Symbol {
	var visible []*Symbol
	for _, m := range ch.Members {
		if c.Visible(m) {
			visible = append(visible, m)
		}
	}
	return visible
}

// Range returns the bounds that hold now for an int or hex, as texts, and the
// range statement they come from; ok is false if there is none.
func (c *Config) Range(s *Symbol) (low, high string, from *Range, ok bool) {
	r := c.activeRange(s)
	if r == nil {
		return "", "", nil, false
	}
	return c.text(r.Low), c.text(r.High), r, true
}

// Eval says whether an expression holds; a nil one does.
func (c *Config) Eval(e *Expr) bool { return c.holds(e) }

// NodeVisible says whether an entry is to be shown: its prompt is visible, or
// it is a bool that is y and one of its children is visible.
func (c *Config) NodeVisible(n *Node) bool {
	if !n.hasPrompt {
		return false
	}
	if c.promptVisible(n) {
		return true
	}
	if n.Symbol == nil || !c.yes(n.Symbol) {
		return false
	}
	return c.anyVisible(n.Children)
}

// VisibleChildren are the entries that a person sees in a menu now: visible
// ones, without menus in which nothing is visible.
func (c *Config) VisibleChildren(n *Node) []*Node {
	var visible []*Node
	for _, child := range n.Children {
		if c.NodeVisible(child) && (child.Kind != KindMenu || c.anyVisible(child.Children)) {
			visible = append(visible, child)
		}
	}
	return visible
}

func (c *Config) anyVisible(nodes []*Node) bool {
	for _, n := range nodes {
		if c.NodeVisible(n) {
			return true
		}
	}
	return false
}
