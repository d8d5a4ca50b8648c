package kconfig

// edgeList visits the edges of one vertex.
type edgeList struct {
	g     *graph
	visit func(edge)
}

// expr adds the defined symbols of an expression.
func (l *edgeList) expr(reason string, e *Expr) {
	if e == nil {
		return
	}
	if e.Op == OpSymbol {
		l.symbol(reason, e.Symbol, e.Span)
		return
	}
	l.expr(reason, e.Left)
	l.expr(reason, e.Right)
}

func (l *edgeList) symbol(reason string, s *Symbol, at Span) {
	if s.Defined() {
		l.visit(edge{s.id, reason, at})
	}
}

func (l *edgeList) vertex(reason string, v int, at Span) {
	l.visit(edge{v, reason, at})
}

// prompt adds the conditions of a node's prompt.
func (l *edgeList) prompt(n *Node) {
	if !n.hasPrompt {
		return
	}
	l.vertex("depends on", l.g.depends(n.scope), n.Span)
	l.vertex("is visible depending on", l.g.shown(n.scope), n.Span)
	l.expr("has a prompt depending on", n.PromptIf)
}

func (l *edgeList) defaults(defaults []*Default) {
	for _, d := range defaults {
		l.vertex("has a default depending on", l.g.depends(d.Node.scope), d.Span)
		l.expr("has a default depending on", d.If)
		l.expr("has a default from", d.Value)
	}
}

func (l *edgeList) selects(verb string, selects []*Select) {
	for _, sel := range selects {
		l.symbol("is "+verb+" by", sel.Source, sel.Span)
		l.vertex("is "+verb+" depending on", l.g.depends(sel.Node.scope), sel.Span)
		l.expr("is "+verb+" depending on", sel.If)
	}
}

func (l *edgeList) ranges(ranges []*Range) {
	for _, r := range ranges {
		l.vertex("has a range depending on", l.g.depends(r.Node.scope), r.Span)
		l.expr("has a range depending on", r.If)
		l.symbol("has a range bounded by", r.Low, r.Span)
		l.symbol("has a range bounded by", r.High, r.Span)
	}
}

func (l *edgeList) ofSymbol(s *Symbol) {
	g := l.g
	if s.Choice != nil {
		l.vertex("is a member of", g.selection(s.Choice), s.Span())
	}
	for _, n := range s.Nodes {
		l.prompt(n)
	}
	if s.Choice != nil {
		return
	}
	l.defaults(s.Defaults)
	l.ranges(s.Ranges)
	l.selects("selected", s.SelectedBy)
	if len(s.ImpliedBy) > 0 {
		l.selects("implied", s.ImpliedBy)
		for _, n := range s.Nodes {
			l.vertex("depends on", g.depends(n.scope), n.Span)
		}
	}
}

// ofChoice visits those of a choice's visibility, or of its selection.
func (l *edgeList) ofChoice(ch *Choice, selection bool) {
	g := l.g
	if !selection {
		for _, n := range ch.Nodes {
			l.prompt(n)
		}
		return
	}
	l.vertex("depends on", g.mode(ch), ch.Span())
	for _, m := range ch.Members {
		for _, n := range m.Nodes {
			l.prompt(n)
		}
	}
	for _, d := range ch.Defaults {
		l.vertex("has a default depending on", g.depends(d.Node.scope), d.Span)
		l.expr("has a default depending on", d.If)
	}
}

func (l *edgeList) ofDepends(sc *scope) {
	g := l.g
	if sc.choice != nil {
		l.vertex("depends on", g.mode(sc.choice), sc.choice.Span())
		return
	}
	if sc.parent != nil {
		l.vertex("depends on", g.depends(sc.parent), Span{})
	}
	for _, e := range sc.depends {
		l.expr("depends on", e)
	}
}

func (l *edgeList) ofShown(sc *scope) {
	g := l.g
	if sc.parent != nil && sc.choice == nil {
		l.vertex("is visible depending on", g.shown(sc.parent), Span{})
	}
	for _, e := range sc.visible {
		l.expr("is visible depending on", e)
	}
}
