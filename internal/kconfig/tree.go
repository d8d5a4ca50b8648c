package kconfig

import "iter"

// Tree is everything that a root file and the files it includes describe.
type Tree struct {
	// Root is the main menu; its Prompt is the title.
	Root *Node
	// Symbols are all defined symbols in the order of their first definition.
	Symbols []*Symbol
	// Choices are all choices in the order of their first definition.
	Choices []*Choice
	// Files are the files that were read, in that order.
	Files []string
	// Warnings are what Linux warns of and reads nevertheless.
	Warnings Errors

	table  map[string]*Symbol
	named  map[string]*Choice
	scopes int
}

// Symbol returns the defined symbol of that name, or nil.
func (t *Tree) Symbol(name string) *Symbol {
	if s := t.table[name]; s != nil && s.Defined() {
		return s
	}
	return nil
}

// Choice returns the named choice of that name, or nil.
func (t *Tree) Choice(name string) *Choice {
	return t.named[name]
}

// Nodes walks the menu tree in its order, parents first, without the root.
func (t *Tree) Nodes() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		walk(t.Root.Children, yield)
	}
}

func walk(nodes []*Node, yield func(*Node) bool) bool {
	for _, n := range nodes {
		if !yield(n) || !walk(n.Children, yield) {
			return false
		}
	}
	return true
}

// Kind says what a node of the menu tree is.
type Kind int

// The kinds of nodes.
const (
	KindMenu Kind = iota
	KindConfig
	KindMenuconfig
	KindChoice
	KindComment
	// kindIf exists only while a tree is built: the entries of an if block end
	// up in the menu around it.
	kindIf
)

// String is the keyword.
func (k Kind) String() string {
	return [...]string{"menu", "config", "menuconfig", "choice", "comment", "if"}[k]
}

// Node is one entry of the menu tree. A symbol that is defined twice has two.
// An entry that depends on the symbol right before it is that symbol's child,
// as menuconfig shows it.
type Node struct {
	Kind Kind
	// Prompt is what a person reads; a node without one is never shown.
	Prompt string
	Help   string
	Span   Span
	// Included are the places of the source statements that led here.
	Included []Span
	// Symbol is set for KindConfig and KindMenuconfig, Choice for KindChoice.
	Symbol *Symbol
	Choice *Choice
	// Parent is nil for the root.
	Parent   *Node
	Children []*Node
	// PromptIf is the prompt's own condition, DependsOn and VisibleIf are the
	// node's own ones (VisibleIf only of menus). Conditions of what is around
	// the node are in Conditions.
	PromptIf  *Expr
	DependsOn []*Expr
	VisibleIf []*Expr

	hasPrompt  bool
	promptSpan Span
	scope      *scope
}

// HasPrompt says whether a node can be shown at all.
func (n *Node) HasPrompt() bool { return n.hasPrompt }

// Conditions are what must hold for the node to be visible, in the order from
// the outside to the inside: the conditions of the menus and ifs around it, its
// own, and that of its prompt. A member of a choice has those of the choice.
func (n *Node) Conditions() []*Expr {
	return n.scope.conditions(n.PromptIf)
}

// Dependencies are what must hold for the node's defaults, selects and ranges
// to count: Conditions without those of prompts and "visible if".
func (n *Node) Dependencies() []*Expr {
	return n.scope.dependencies()
}
