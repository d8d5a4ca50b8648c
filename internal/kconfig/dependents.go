package kconfig

// Relation says how something depends on a symbol.
type Relation string

// The relations.
const (
	DependsOn   Relation = "depends on"
	PromptIf    Relation = "prompt if"
	DefaultFrom Relation = "default"
	DefaultIf   Relation = "default if"
	RangeBound  Relation = "range"
	RangeIf     Relation = "range if"
	SelectedIf  Relation = "selected by"
	ImpliedIf   Relation = "implied by"
)

// Dependent is an entry of the menu tree whose visibility or value depends on a
// symbol, and where it says so.
type Dependent struct {
	Node     *Node
	Relation Relation
	Span     Span
}

// Dependents are the entries that refer to a symbol, in the order of the tree,
// each with its first reference. Entries inside of a menu or an if that depends
// on the symbol are among them.
func (t *Tree) Dependents(s *Symbol) []Dependent {
	inside := map[*scope]*Expr{}
	var all []Dependent
	for n := range t.Nodes() {
		if relation, span, ok := n.refersTo(s, inside); ok {
			all = append(all, Dependent{n, relation, span})
		}
	}
	return all
}

// refersTo finds the first reference of a node. The map holds the first
// reference in each scope that was looked at.
func (n *Node) refersTo(s *Symbol, inside map[*scope]*Expr) (Relation, Span, bool) {
	if e := n.scope.mention(s, inside); e != nil {
		return DependsOn, e.Span, true
	}
	if n.PromptIf.mentions(s) {
		return PromptIf, n.PromptIf.Span, true
	}
	if n.Choice != nil {
		return n.defaultRefersTo(s, n.Choice.Defaults)
	}
	if n.Symbol == nil {
		return "", Span{}, false
	}
	if relation, span, ok := n.defaultRefersTo(s, n.Symbol.Defaults); ok {
		return relation, span, ok
	}
	for _, r := range n.Symbol.Ranges {
		if r.Node == n && (r.Low == s || r.High == s) {
			return RangeBound, r.Span, true
		}
		if r.Node == n && r.If.mentions(s) {
			return RangeIf, r.Span, true
		}
	}
	for _, sel := range n.Symbol.SelectedBy {
		if sel.Source == s || sel.If.mentions(s) {
			return SelectedIf, sel.Span, true
		}
	}
	for _, sel := range n.Symbol.ImpliedBy {
		if sel.Source == s || sel.If.mentions(s) {
			return ImpliedIf, sel.Span, true
		}
	}
	return "", Span{}, false
}

func (n *Node) defaultRefersTo(s *Symbol, defaults []*Default) (Relation, Span, bool) {
	for _, d := range defaults {
		if d.Node == n && d.Value.mentions(s) {
			return DefaultFrom, d.Span, true
		}
		if d.Node == n && d.If.mentions(s) {
			return DefaultIf, d.Span, true
		}
	}
	return "", Span{}, false
}

// mention is the first condition of a scope, from the inside to the outside,
// that a symbol is in.
func (s *scope) mention(symbol *Symbol, inside map[*scope]*Expr) *Expr {
	if s == nil {
		return nil
	}
	if e, ok := inside[s]; ok {
		return e
	}
	e := firstMention(symbol, s.depends, s.visible)
	if e == nil && s.choice != nil {
		e = s.choice.Nodes[0].scope.mention(symbol, inside)
	}
	if e == nil {
		e = s.parent.mention(symbol, inside)
	}
	inside[s] = e
	return e
}

func firstMention(s *Symbol, lists ...[]*Expr) *Expr {
	for _, list := range lists {
		for _, e := range list {
			if e.mentions(s) {
				return e
			}
		}
	}
	return nil
}
