package kconfig

// scope is what the entries inside of a menu, an if or a choice have in common,
// or the conditions of one entry. A scope is evaluated once, however many entries
// are in it.
type scope struct {
	id     int
	parent *scope
	// depends and visible are the scope's own conditions.
	depends []*Expr
	visible []*Expr
	// choice stands for all conditions around the members of a choice.
	choice *Choice
}

// dependencies are the conditions of a scope and all around it, from the outside
// to the inside, without "visible if".
func (s *scope) dependencies() []*Expr {
	if s == nil {
		return nil
	}
	if s.choice != nil {
		return s.choice.Nodes[0].Conditions()
	}
	return appendTerms(s.parent.dependencies(), s.depends)
}

// conditions are the dependencies with "visible if", and that of a prompt.
func (s *scope) conditions(promptIf *Expr) []*Expr {
	if s == nil {
		return promptIf.appendTerms(nil)
	}
	if s.choice != nil {
		return promptIf.appendTerms(s.choice.Nodes[0].Conditions())
	}
	around := appendTerms(s.parent.conditions(nil), s.depends)
	return promptIf.appendTerms(appendTerms(around, s.visible))
}

func appendTerms(terms, conditions []*Expr) []*Expr {
	for _, e := range conditions {
		terms = e.appendTerms(terms)
	}
	return terms
}
