package kconfig

// scope is what the entries inside of a menu, an if, a choice or a definition
// have in common. Scopes are evaluated once, however many entries are in one.
type scope struct {
	id     int
	parent *scope
	// depends and visible are the scope's own conditions.
	depends []*Expr
	visible []*Expr
	// choice stands for all conditions around the members of a choice.
	choice *Choice
}

func (s *scope) dependencies() []*Expr {
	if s == nil {
		return nil
	}
	if s.choice != nil {
		return s.choice.Nodes[0].Conditions()
	}
	return append(s.parent.dependencies(), terms(s.depends)...)
}

// conditions are those for a prompt in the scope, with that of the prompt.
func (s *scope) conditions(promptIf *Expr) []*Expr {
	return promptIf.appendTerms(s.outside())
}

// outside are the dependencies and, of the scopes around, the visibilities.
func (s *scope) outside() []*Expr {
	if s == nil {
		return nil
	}
	if s.choice != nil {
		return s.choice.Nodes[0].Conditions()
	}
	conditions := s.parent.outside()
	if s.parent != nil {
		conditions = append(conditions, terms(s.parent.visible)...)
	}
	return append(conditions, terms(s.depends)...)
}

func terms(conditions []*Expr) []*Expr {
	var all []*Expr
	for _, e := range conditions {
		all = e.appendTerms(all)
	}
	return all
}
