package wizard

import "turnup.dev/kubectl-turnup/internal/kconfig"

// writeVisibility says under which conditions an entry is seen: if it is not,
// only those that fail.
func (m *model) writeVisibility(s *sheet, n *kconfig.Node) {
	if m.seen(n) {
		s.heading("Why it is shown")
		conditions := n.Conditions()
		if len(conditions) == 0 {
			s.item(m.look.ok, "It always is.", m.look.plain)
		}
		seen := map[string]bool{}
		for _, e := range conditions {
			if text := e.String(); !seen[text] {
				seen[text] = true
				s.item(m.look.good.Render(m.look.ok), text, m.look.plain)
			}
		}
		return
	}
	s.heading("Why it is hidden")
	unmet := m.config.UnmetNode(n)
	if n.Symbol != nil {
		unmet = m.config.Unmet(n.Symbol)
	}
	for _, condition := range unmet {
		s.item(m.look.bad.Render(m.look.failed), "needs "+m.needed(condition), m.look.plain)
	}
	if len(unmet) == 0 {
		s.item(m.look.bad.Render(m.look.failed), m.whyHidden(n), m.look.plain)
	}
}

// writeRelations says what an entry does to others and others to it.
func (m *model) writeRelations(s *sheet, n *kconfig.Node) {
	if n.Symbol != nil {
		m.writeSelects(s, "Turns on, if it is on", n.Symbol.Selects, false)
		m.writeSelects(s, "Suggests, if it is on", n.Symbol.Implies, false)
		m.writeSelects(s, "Turned on by", n.Symbol.SelectedBy, true)
		m.writeSelects(s, "Suggested by", n.Symbol.ImpliedBy, true)
	}
	dependents := m.dependents(n)
	if len(dependents) == 0 {
		return
	}
	s.heading("What depends on it")
	for _, d := range dependents {
		name := nameOf(d.Node)
		if name == "" {
			name = d.Node.Kind.String() + " \"" + d.Node.Prompt + "\""
		}
		s.item(m.look.mark, name+"  ("+string(d.Relation)+", "+d.Span.String()+")", m.look.plain)
	}
}

func (m *model) writeSelects(s *sheet, heading string, selects []*kconfig.Select, reverse bool) {
	if len(selects) == 0 {
		return
	}
	s.heading(heading)
	for _, sel := range selects {
		name := sel.Target.Name
		if reverse {
			name = sel.Source.Name + " (" + m.readable(m.config.Value(sel.Source), kconfig.Bool) + ")"
		}
		if sel.If != nil {
			name += " if " + sel.If.String()
		}
		s.item(m.look.mark, name+"  ("+sel.Span.String()+")", m.look.plain)
	}
}

// dependents are those of a symbol, or of any member of a choice.
func (m *model) dependents(n *kconfig.Node) []kconfig.Dependent {
	tree := m.config.Tree()
	switch {
	case n.Symbol != nil:
		return tree.Dependents(n.Symbol)
	case n.Choice == nil:
		return nil
	}
	var all []kconfig.Dependent
	seen := map[*kconfig.Node]bool{n: true}
	for _, member := range n.Choice.Members {
		for _, d := range tree.Dependents(member) {
			if !seen[d.Node] {
				seen[d.Node] = true
				all = append(all, d)
			}
		}
	}
	return all
}
