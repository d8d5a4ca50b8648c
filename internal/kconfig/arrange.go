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
	for len(following) > 0 && following[0].belongsTo(n) {
		next := following[0]
		following = next.adopt(following[1:])
		n.append(next)
	}
	return following
}

// belongsTo says whether a node depends on the symbol of the one right before
// it: either that symbol must be y for the node to be visible, or the symbol is
// mentioned and must be visible.
func (n *Node) belongsTo(before *Node) bool {
	mentioned, required := false, false
	n.eachTerm(func(e *Expr) {
		required = required || e.requires(before.Symbol)
		mentioned = mentioned || e.mentions(before.Symbol)
	})
	return required || mentioned && n.includes(before)
}

// includes says whether the conditions of a node include those of another.
func (n *Node) includes(other *Node) bool {
	conditions := 0
	other.eachTerm(func(*Expr) { conditions++ })
	own := map[string]bool{}
	n.eachTerm(func(e *Expr) { own[e.String()] = true; conditions-- })
	if conditions > 0 {
		return false
	}
	all := true
	other.eachTerm(func(e *Expr) { all = all && own[e.String()] })
	return all
}

// eachTerm visits the conditions of a node that its siblings do not share.
func (n *Node) eachTerm(visit func(*Expr)) {
	for _, e := range n.DependsOn {
		e.eachTerm(visit)
	}
	if n.hasPrompt || n.Symbol == nil {
		n.PromptIf.eachTerm(visit)
	}
}

func (e *Expr) eachTerm(visit func(*Expr)) {
	switch {
	case e == nil:
	case e.Op == OpAnd:
		e.Left.eachTerm(visit)
		e.Right.eachTerm(visit)
	default:
		visit(e)
	}
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
