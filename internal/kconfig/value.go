package kconfig

// symbolState is what a symbol is worth at one epoch.
type symbolState struct {
	epoch   int
	visible bool
	isYes   bool
	written bool
	clamped bool
	origin  OriginKind
	// from is the default that gave the value, if origin is FromDefault.
	from *Default
	text string
}

// scopeState keeps the two conditions of a scope, each with its own epoch.
type scopeState struct {
	dependsEpoch, visibleEpoch int
	depends, visible           bool
}

func (c *Config) symbol(s *Symbol) *symbolState {
	st := &c.symbols[s.id]
	if st.epoch == c.epoch {
		return st
	}
	*st = symbolState{epoch: c.epoch}
	for _, n := range s.Nodes {
		if n.hasPrompt && c.promptVisible(n) {
			st.visible = true
			break
		}
	}
	c.compute(s, c.user[s.id], st)
	return st
}

// compute fills in a state whose visible is known.
func (c *Config) compute(s *Symbol, user userValue, st *symbolState) {
	st.written = st.visible
	switch {
	case s.Choice != nil:
		c.computeMember(s, user, st)
	case s.Type == Bool:
		c.computeBool(s, user, st)
	case s.Type == Unknown:
		st.text, st.written = s.Name, false
	default:
		c.computeText(s, user, st)
	}
}

func (c *Config) computeMember(s *Symbol, user userValue, st *symbolState) {
	if !st.visible {
		return
	}
	st.isYes = c.selection(s.Choice).selected == s
	st.origin = FromChoice
	if user.order > 0 && user.text == tri(st.isYes) {
		st.origin = User
	}
}

func (c *Config) computeBool(s *Symbol, user userValue, st *symbolState) {
	if st.visible && user.order > 0 {
		st.isYes, st.origin = user.text == "y", User
	} else {
		if d := c.activeDefault(s.Defaults); d != nil {
			st.isYes, st.origin, st.from = c.holds(d.Value), FromDefault, d
			st.written = st.written || st.isYes
		}
		if c.anyActive(s.ImpliedBy) {
			// Written even if it may not become y, as Linux does since 5.0.
			st.written = true
			if !st.isYes && c.anyDefinition(s) {
				st.isYes, st.origin = true, Implied
			}
		}
	}
	if c.anyActive(s.SelectedBy) {
		st.isYes, st.origin, st.written = true, Selected, true
	}
}

func (c *Config) computeText(s *Symbol, user userValue, st *symbolState) {
	st.text = implicitText(s.Type)
	if st.visible && user.order > 0 {
		st.text, st.origin = user.text, User
	} else if d := c.activeDefault(s.Defaults); d != nil && d.Value.Op == OpSymbol {
		st.text, st.origin, st.from, st.written = c.text(d.Value.Symbol), FromDefault, d, true
	}
	if s.Type != String {
		st.text, st.clamped = c.clamp(s, st.text)
	}
}

func implicitText(t Type) string {
	switch t {
	case Int:
		return "0"
	case Hex:
		return "0x0"
	default:
		return ""
	}
}

func (st *symbolState) value(s *Symbol) string {
	if s.Type == Bool {
		return tri(st.isYes)
	}
	return st.text
}

func tri(yes bool) string {
	if yes {
		return "y"
	}
	return "n"
}

func (c *Config) activeDefault(defaults []*Default) *Default {
	for _, d := range defaults {
		if c.depends(d.Node.scope) && c.holds(d.If) {
			return d
		}
	}
	return nil
}

func (c *Config) anyActive(selects []*Select) bool {
	for _, sel := range selects {
		if c.active(sel) {
			return true
		}
	}
	return false
}

func (c *Config) active(sel *Select) bool {
	return c.yes(sel.Source) && c.depends(sel.Node.scope) && c.holds(sel.If)
}

// anyDefinition says whether the dependencies of one definition hold.
func (c *Config) anyDefinition(s *Symbol) bool {
	for _, n := range s.Nodes {
		if c.depends(n.scope) {
			return true
		}
	}
	return false
}

func (c *Config) promptVisible(n *Node) bool {
	return c.depends(n.scope) && c.shown(n.scope) && c.holds(n.PromptIf)
}

// depends says whether the dependencies of a scope and all around it hold.
func (c *Config) depends(sc *scope) bool {
	if sc == nil {
		return true
	}
	if sc.choice != nil {
		return c.mode(sc.choice)
	}
	st := &c.scopes[sc.id]
	if st.dependsEpoch != c.epoch {
		st.depends = c.depends(sc.parent) && c.all(sc.depends)
		st.dependsEpoch = c.epoch
	}
	return st.depends
}

// shown says whether the "visible if" of a scope and all around it hold. That
// of a choice's surroundings is part of the choice's own visibility.
func (c *Config) shown(sc *scope) bool {
	if sc == nil || sc.choice != nil {
		return true
	}
	st := &c.scopes[sc.id]
	if st.visibleEpoch != c.epoch {
		st.visible = c.shown(sc.parent) && c.all(sc.visible)
		st.visibleEpoch = c.epoch
	}
	return st.visible
}

func (c *Config) all(conditions []*Expr) bool {
	for _, e := range conditions {
		if !c.holds(e) {
			return false
		}
	}
	return true
}

// Origin says where the symbol's value comes from.
func (c *Config) Origin(s *Symbol) Origin {
	if !s.Defined() {
		return Origin{}
	}
	st := c.symbol(s)
	o := Origin{Kind: st.origin, Clamped: st.clamped}
	switch st.origin {
	case FromDefault:
		o.Span = st.from.Span
	case Selected:
		o.By = c.sources(s.SelectedBy)
	case Implied:
		o.By = c.sources(s.ImpliedBy)
	case FromChoice:
		choice := c.selection(s.Choice)
		if choice.selected != s {
			o.By = []*Symbol{choice.selected}
		} else if d := c.memberDefault(s.Choice); d != nil && d.Value.Symbol == s {
			o.Span = d.Span
		}
	}
	return o
}

func (c *Config) sources(selects []*Select) []*Symbol {
	var sources []*Symbol
	for _, sel := range selects {
		if c.active(sel) {
			sources = append(sources, sel.Source)
		}
	}
	return sources
}
