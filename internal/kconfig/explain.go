package kconfig

import "strings"

// Explanation answers "why is this so?" for one symbol.
type Explanation struct {
	Symbol  *Symbol
	Value   string
	Origin  Origin
	Visible bool
	// Unmet are the failing parts of the conditions of an invisible symbol; it
	// is empty for one that has no prompt at all.
	Unmet []Condition
	// Problem is why the value that the user set does not count, or nil.
	Problem *Problem
	// Default is the value without the user's.
	Default string
	// Selects and Implies are those that count now.
	Selects, Implies []*Symbol
	// Dependents are the symbols, menus and comments that refer to this one.
	Dependents []Dependent
}

// Explain says where a symbol's value comes from, why it is visible or not,
// what it sets, and what depends on it.
func (c *Config) Explain(s *Symbol) Explanation {
	x := Explanation{
		Symbol:     s,
		Value:      c.Value(s),
		Origin:     c.Origin(s),
		Visible:    c.Visible(s),
		Problem:    c.UserValueProblem(s),
		Default:    c.Default(s),
		Dependents: c.tree.Dependents(s),
	}
	if !x.Visible {
		x.Unmet = c.Unmet(s)
	}
	if c.yes(s) {
		x.Selects = c.targets(s.Selects)
		x.Implies = c.targets(s.Implies)
	}
	return x
}

func (c *Config) targets(selects []*Select) []*Symbol {
	var targets []*Symbol
	for _, sel := range selects {
		if c.active(sel) {
			targets = append(targets, sel.Target)
		}
	}
	return targets
}

// Unmet returns the failing parts of the conditions under which a symbol would
// be visible. Of several definitions it takes the first one with a prompt.
func (c *Config) Unmet(s *Symbol) []Condition {
	if c.Visible(s) {
		return nil
	}
	for _, n := range s.Nodes {
		if n.hasPrompt {
			return c.UnmetNode(n)
		}
	}
	return nil
}

// UnmetNode returns the failing parts of the conditions of a node.
func (c *Config) UnmetNode(n *Node) []Condition {
	var unmet []Condition
	seen := map[string]bool{}
	for _, e := range n.Conditions() {
		for _, failing := range c.failing(e, nil) {
			text := c.describe(failing)
			if !seen[text] {
				seen[text] = true
				unmet = append(unmet, Condition{failing, text})
			}
		}
	}
	return unmet
}

// failing appends the parts of an expression that would have to change. Of an
// "or" that is all of it, since one side would do.
func (c *Config) failing(e *Expr, parts []*Expr) []*Expr {
	if c.holds(e) {
		return parts
	}
	if e.Op == OpAnd {
		return c.failing(e.Right, c.failing(e.Left, parts))
	}
	return append(parts, e)
}

// describe writes an expression with the values of its symbols.
func (c *Config) describe(e *Expr) string {
	var b strings.Builder
	e.write(&b, func(s *Symbol) string {
		if !s.Defined() {
			return s.String()
		}
		if value := c.text(s); s.Type != String || value != "" && !strings.ContainsAny(value, " ()=\"") {
			return s.Name + " (=" + value + ")"
		}
		return s.Name + " (=" + quote(c.text(s)) + ")"
	})
	return b.String()
}
