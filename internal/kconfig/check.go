package kconfig

// check reports what the grammar allows and the language does not, and links
// selects to their targets.
func (p *parser) check() {
	for _, s := range p.tree.Symbols {
		p.checkSymbol(s)
	}
	for _, ch := range p.tree.Choices {
		p.checkChoice(ch)
	}
	p.checkNodes(p.tree.Root.Children)
}

func (p *parser) checkSymbol(s *Symbol) {
	if s.Choice != nil {
		p.checkMember(s)
	} else if s.Type == Unknown {
		p.warn(s.Nodes[0], s.Span(), "%s has no type", s.Name)
	}
	for _, d := range s.Defaults {
		p.checkDefault(s, d)
	}
	for _, r := range s.Ranges {
		p.checkRange(s, r)
	}
	for _, sel := range s.Selects {
		if p.checkTarget(sel, "select") {
			sel.Target.SelectedBy = append(sel.Target.SelectedBy, sel)
		}
	}
	for _, sel := range s.Implies {
		if p.checkTarget(sel, "imply") {
			sel.Target.ImpliedBy = append(sel.Target.ImpliedBy, sel)
		}
	}
}

func (p *parser) checkMember(s *Symbol) {
	n := s.Nodes[0]
	if s.Type != Bool {
		p.errorIn(n, n.Span, "%s is a member of a choice and must be a bool", s.Name)
	}
	if s.Prompt() == "" {
		p.errorIn(n, n.Span, "%s is a member of a choice and must have a prompt", s.Name)
	}
	for _, d := range s.Defaults {
		p.warn(d.Node, d.Span, "%s is a member of a choice; its default is ignored", s.Name)
	}
}

func (p *parser) checkDefault(s *Symbol, d *Default) {
	p.checkCondition(d.Node, d.If)
	if s.Type == Bool {
		p.checkCondition(d.Node, d.Value)
		return
	}
	if d.Value.Op != OpSymbol {
		p.warn(d.Node, d.Span, "the default of %s must be a single symbol or text; this one is ignored", s.Name)
		return
	}
	if !s.acceptsNumber(d.Value.Symbol) {
		p.warn(d.Node, d.Span, "the default of %s is not a number: %s", s.Name, d.Value.Symbol)
	}
}

// acceptsNumber says whether another symbol's text can be a value of an int or
// hex; for all other types it does.
func (s *Symbol) acceptsNumber(other *Symbol) bool {
	switch {
	case s.Type != Int && s.Type != Hex || other.Type == Int || other.Type == Hex:
		return true
	case other.Defined():
		return false
	case s.Type == Int:
		return validInt(other.Name)
	default:
		return validHex(other.Name)
	}
}

func (p *parser) checkRange(s *Symbol, r *Range) {
	p.checkCondition(r.Node, r.If)
	switch {
	case s.Type != Int && s.Type != Hex:
		p.warn(r.Node, r.Span, "%s is of type %s; only an int or a hex has a range", s.Name, s.Type)
	case !s.acceptsNumber(r.Low):
		p.warn(r.Node, r.Span, "the lower bound of %s is not a number: %s", s.Name, r.Low)
	case !s.acceptsNumber(r.High):
		p.warn(r.Node, r.Span, "the upper bound of %s is not a number: %s", s.Name, r.High)
	case !r.Low.Defined() && !r.High.Defined() &&
		toNumber(r.Low.Name, base(s.Type)) > toNumber(r.High.Name, base(s.Type)):
		p.warn(r.Node, r.Span, "the range of %s is empty: %s is more than %s", s.Name, r.Low, r.High)
	}
}

// checkTarget says whether a select or an imply has an effect.
func (p *parser) checkTarget(sel *Select, verb string) bool {
	p.checkCondition(sel.Node, sel.If)
	switch {
	case sel.Source.Type != Bool:
		p.warn(sel.Node, sel.Span, "%s is not a bool; its %s is ignored", sel.Source.Name, verb)
	case !sel.Target.Defined():
		p.warn(sel.Node, sel.Span, "no config defines %s; this %s has no effect", sel.Target.Name, verb)
	case sel.Target.Type != Bool:
		p.warn(sel.Node, sel.Span, "%s is of type %s; %s sets only bools", sel.Target.Name, sel.Target.Type, verb)
	case sel.Target.Choice != nil:
		p.warn(sel.Node, sel.Span, "%s is a member of a choice; this %s has no effect", sel.Target.Name, verb)
	default:
		return true
	}
	return false
}

func (p *parser) checkChoice(ch *Choice) {
	if ch.Prompt() == "" {
		p.warn(ch.Nodes[0], ch.Span(), "the choice has no prompt, so it is never visible")
	}
	for _, d := range ch.Defaults {
		p.checkCondition(d.Node, d.If)
		switch {
		case d.Value.Op != OpSymbol:
			p.errorIn(d.Node, d.Span, "the default of a choice must be one of its members")
		case d.Value.Symbol.Choice != ch:
			p.warn(d.Node, d.Span, "%s is not a member of the choice; this default is ignored", d.Value.Symbol.Name)
		}
	}
}

func (p *parser) checkNodes(nodes []*Node) {
	for _, n := range nodes {
		p.checkCondition(n, n.PromptIf)
		for _, e := range n.DependsOn {
			p.checkCondition(n, e)
		}
		for _, e := range n.VisibleIf {
			p.checkCondition(n, e)
		}
		p.checkNodes(n.Children)
	}
}

// checkCondition warns of symbols that are never true where they stand.
func (p *parser) checkCondition(n *Node, e *Expr) {
	switch {
	case e == nil || e.Op.Comparison():
	case e.Op != OpSymbol:
		p.checkCondition(n, e.Left)
		p.checkCondition(n, e.Right)
	case e.Symbol.constant:
		if e.Symbol.Name != "y" && e.Symbol.Name != "n" {
			p.warn(n, e.Span, "%s is always n here; compare it with something", e.Symbol)
		}
	case !e.Symbol.Defined():
		p.warn(n, e.Span, "no config defines %s, so it is always n", e.Symbol)
	case e.Symbol.Type != Bool:
		p.warn(n, e.Span, "%s is of type %s, so it is always n here; compare it with something", e.Symbol, e.Symbol.Type)
	}
}
