package kconfig

// arrange makes the menu tree of what was parsed: the entries of ifs go to the
// menu around them, and entries become children of the symbol right before
// them if they depend on it.
func (t *Tree) arrange() {
	t.Root.arrange()
}

func (n *Node) arrange() {
	rest := n.Children
	n.Children = nil
	for len(rest) > 0 {
		child := rest[0]
		rest = child.adopt(rest[1:])
		n.append(child)
	}
}

// append adds a child. Entries in an if, and those below a symbol that cannot
// be shown, move up.
func (n *Node) append(child *Node) {
	if child.Kind == kindIf {
		for _, grandchild := range child.Children {
			n.append(grandchild)
		}
		return
	}
	child.Parent = n
	n.Children = append(n.Children, child)
	if child.Symbol != nil && !child.hasPrompt {
		orphans := child.Children
		child.Children = nil
		for _, orphan := range orphans {
			n.append(orphan)
		}
	}
}

// adopt arranges a node, which may take some of the entries that follow it, and
// returns the others.
func (n *Node) adopt(following []*Node) []*Node {
	if n.Symbol == nil {
		n.arrange()
		return following
	}
	own := n.ownTerms()
	for len(following) > 0 {
		next := following[0]
		if !next.belongsTo(n.Symbol, own) {
			break
		}
		following = next.adopt(following[1:])
		n.append(next)
	}
	return following
}

// belongsTo says whether a node depends on the symbol right before it, of which
// it is given the prompt's conditions: either the symbol must be y for the node
// to be visible, or the symbol is mentioned and must be visible.
func (n *Node) belongsTo(s *Symbol, conditions []*Expr) bool {
	terms := n.ownTerms()
	mentioned := false
	for _, e := range terms {
		if e.requires(s) {
			return true
		}
		mentioned = mentioned || e.mentions(s)
	}
	if !mentioned || len(conditions) > len(terms) {
		return false
	}
	own := keys(terms)
	for _, condition := range conditions {
		if !own[condition.String()] {
			return false
		}
	}
	return true
}

// ownTerms are the conditions of a node that its siblings do not share.
func (n *Node) ownTerms() []*Expr {
	if !n.hasPrompt && n.Symbol != nil {
		return terms(n.scope.depends)
	}
	return n.PromptIf.appendTerms(terms(n.scope.depends))
}

// requires says whether the expression is the symbol, SYMBOL=y or SYMBOL!=n.
func (e *Expr) requires(s *Symbol) bool {
	if e.Op == OpSymbol {
		return e.Symbol == s
	}
	if e.Op != OpEqual && e.Op != OpUnequal || e.Left.Symbol != s || !e.Right.Symbol.constant {
		return false
	}
	return e.Op == OpEqual && e.Right.Symbol.Name == "y" || e.Op == OpUnequal && e.Right.Symbol.Name == "n"
}

func keys(terms []*Expr) map[string]bool {
	set := make(map[string]bool, len(terms))
	for _, e := range terms {
		set[e.String()] = true
	}
	return set
}
