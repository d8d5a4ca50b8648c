package wizard

import "turnup.dev/kubectl-turnup/internal/kconfig"

// facts are what follows from the values, and is needed to draw.
type facts struct {
	// own are the entries whose value is not its default, and inside counts
	// them in each menu, themselves included.
	own    map[*kconfig.Node]bool
	inside map[*kconfig.Node]int
	// problems are what is wrong, and wrong the names they are about.
	problems []Problem
	wrong    map[string]bool
	// modified says that a file would differ from the one that was saved.
	modified bool
}

// refresh computes the facts and lists the rows anew, after a change.
func (m *model) refresh() {
	m.facts = facts{
		own:      map[*kconfig.Node]bool{},
		inside:   map[*kconfig.Node]int{},
		wrong:    map[string]bool{},
		modified: m.unsure || !m.saved.equal(m.snapshot()),
	}
	for s := range m.config.UserSet() {
		m.compare(s)
	}
	m.facts.problems = m.problems()
	for _, p := range m.facts.problems {
		for _, name := range p.Symbols {
			m.facts.wrong[name] = true
		}
	}
	m.list()
}

// compare notes whether a symbol that the user set differs from its default.
func (m *model) compare(s *kconfig.Symbol) {
	if s.Choice != nil {
		if member := m.config.Selected(s.Choice); member == s && member != m.config.DefaultMember(s.Choice) {
			m.differs(s.Choice.Nodes)
		}
		return
	}
	if m.config.Visible(s) && m.config.Value(s) != m.config.Default(s) {
		m.differs(s.Nodes)
	}
}

// differs marks all places where an entry is seen, and counts the first.
func (m *model) differs(nodes []*kconfig.Node) {
	counted := false
	for _, n := range nodes {
		if !n.HasPrompt() || !m.config.NodeVisible(n) {
			continue
		}
		m.facts.own[n] = true
		if counted {
			m.facts.inside[n]++
			continue
		}
		for around := n; around != nil; around = around.Parent {
			m.facts.inside[around]++
		}
		counted = true
	}
}

// problems are those of the caller, and answers that a later one made wrong.
// Answers to what is hidden now are no problem: they are kept, not written.
func (m *model) problems() []Problem {
	var problems []Problem
	if m.options.Check != nil {
		problems = m.options.Check()
	}
	for s := range m.config.UserSet() {
		if len(s.Ranges) == 0 || !m.config.Visible(s) {
			continue
		}
		if p := m.config.UserValueProblem(s); p != nil && p.Kind == kconfig.OutOfRange {
			problems = append(problems, Problem{
				Symbols: []string{p.Symbol.Name},
				Message: p.Symbol.Name + ": " + p.Message + "; " + m.config.Value(p.Symbol) + " is used",
			})
		}
	}
	return problems
}

// snapshot is what a file would hold: the value of every symbol in the tree's
// order, and nil for one that is not written.
type snapshot []*string

func (m *model) snapshot() snapshot {
	symbols := m.config.Tree().Symbols
	values := make([]string, len(symbols))
	s := make(snapshot, len(symbols))
	for i, symbol := range symbols {
		if m.config.Written(symbol) {
			values[i] = m.config.Value(symbol)
			s[i] = &values[i]
		}
	}
	return s
}

func (s snapshot) equal(other snapshot) bool {
	for i := range s {
		if (s[i] == nil) != (other[i] == nil) || s[i] != nil && *s[i] != *other[i] {
			return false
		}
	}
	return true
}
