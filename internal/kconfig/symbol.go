package kconfig

// Type is the type of a symbol.
type Type int

// The types. Unknown is that of constants and of words that nothing defines.
const (
	Unknown Type = iota
	Bool
	Int
	Hex
	String
)

// String is the keyword.
func (t Type) String() string {
	return [...]string{"unknown", "bool", "int", "hex", "string"}[t]
}

// Symbol is something that has a value: a config, a constant, or a word.
type Symbol struct {
	// Name is the name, or the text of a constant.
	Name string
	Type Type
	// Nodes are its definitions in order.
	Nodes []*Node
	// Defaults, Ranges, Selects and Implies are those of all definitions, in
	// the order they appear. The first whose conditions hold counts, and all of
	// the selects and implies.
	Defaults []*Default
	Ranges   []*Range
	Selects  []*Select
	Implies  []*Select
	// SelectedBy and ImpliedBy are the other direction.
	SelectedBy []*Select
	ImpliedBy  []*Select
	// Choice is the choice that the symbol is a member of, or nil.
	Choice *Choice

	constant bool
	id       int
}

// Defined says whether a config statement defines the symbol.
func (s *Symbol) Defined() bool { return len(s.Nodes) > 0 }

// Constant says whether the symbol is a quoted text, y or n.
func (s *Symbol) Constant() bool { return s.constant }

// Span is the place of the first definition.
func (s *Symbol) Span() Span {
	if !s.Defined() {
		return Span{}
	}
	return s.Nodes[0].Span
}

// Prompt is the text of the first prompt, or empty.
func (s *Symbol) Prompt() string {
	return firstPrompt(s.Nodes)
}

// Help is the first help text, or empty.
func (s *Symbol) Help() string {
	return firstHelp(s.Nodes)
}

// String writes the symbol as it is written in an expression.
func (s *Symbol) String() string {
	if s.constant && s.Name != "y" && s.Name != "n" {
		return quote(s.Name)
	}
	return s.Name
}

// Choice is a group of bool symbols of which exactly one is y.
type Choice struct {
	// Name is empty for a choice without one.
	Name    string
	Nodes   []*Node
	Members []*Symbol
	// Defaults have a Value that is a single symbol.
	Defaults []*Default

	id int
	// scope is what the members are in: it holds if the choice is visible.
	scope *scope
}

// Span is the place of the first definition.
func (c *Choice) Span() Span { return c.Nodes[0].Span }

// Prompt is the text of the first prompt, or empty.
func (c *Choice) Prompt() string { return firstPrompt(c.Nodes) }

// Help is the first help text, or empty.
func (c *Choice) Help() string { return firstHelp(c.Nodes) }

// Member returns the member of that name, or nil. The name may leave out the
// choice's own name and the dot after it.
func (c *Choice) Member(name string) *Symbol {
	for _, m := range c.Members {
		if m.Name == name || c.Name != "" && m.Name == c.Name+"."+name {
			return m
		}
	}
	return nil
}

// Default is a value that a symbol or choice takes if nobody set another.
type Default struct {
	// Value is an expression for a bool and a single word or text otherwise.
	Value *Expr
	// If is the default's own condition; nil always holds.
	If   *Expr
	Span Span
	// Node is the definition it stands in, whose dependencies must hold too.
	Node *Node
}

// Range bounds an int or hex.
type Range struct {
	Low, High *Symbol
	If        *Expr
	Span      Span
	Node      *Node
}

// Select sets another symbol, its Target, if its Source is y: for good
// (select), or as a default (imply).
type Select struct {
	Source, Target *Symbol
	If             *Expr
	Span           Span
	Node           *Node
}

func firstPrompt(nodes []*Node) string {
	for _, n := range nodes {
		if n.hasPrompt {
			return n.Prompt
		}
	}
	return ""
}

func firstHelp(nodes []*Node) string {
	for _, n := range nodes {
		if n.Help != "" {
			return n.Help
		}
	}
	return ""
}
