package kconfig

import (
	"fmt"
	"strings"
)

// ProblemKind says what is wrong with a value.
type ProblemKind int

// What can be wrong with a value.
const (
	// UnknownSymbol is a name that nothing defines.
	UnknownSymbol ProblemKind = iota
	// WrongType is a text that is not a value of the symbol's type.
	WrongType
	// OutOfRange is a number outside of the range that holds now.
	OutOfRange
	// Invisible is a value for a symbol that nobody can change now.
	Invisible
	// NotMember is a name that is not a member of the choice.
	NotMember
	// Overruled is a value that does not count: an n for a symbol that another
	// one selects, or a y for a member while another member was chosen.
	Overruled
)

// Problem is a value that a user set and that does not count as it is.
type Problem struct {
	Kind ProblemKind
	// Symbol is nil for UnknownSymbol and NotMember.
	Symbol *Symbol
	// Message is a sentence without the symbol's name and place.
	Message string
	// Unmet are the failing parts of the symbol's conditions, for Invisible.
	Unmet []Condition
	// Legal are the values that would be right, if they can be listed.
	Legal []string
}

// Error writes the place and the name of the symbol and the message.
func (p *Problem) Error() string {
	if p.Symbol == nil {
		return p.Message
	}
	return fmt.Sprintf("%s: %s: %s", p.Symbol.Span(), p.Symbol.Name, p.Message)
}

// Condition is a part of a condition and how it reads with the values of now,
// such as "network.provider (=none) = flannel".
type Condition struct {
	Expr *Expr
	Text string
}

// CheckValue says what is wrong with a value if the user set it now, or nil: it
// is of another type, or out of the range that holds now.
func (c *Config) CheckValue(s *Symbol, value string) *Problem {
	if p := wrongType(s, value); p != nil {
		return p
	}
	return c.outOfRange(s, value)
}

// UserValueProblem says why the value that the user set does not count as it
// is, or nil if it does, or nothing was set.
func (c *Config) UserValueProblem(s *Symbol) *Problem {
	value, ok := c.UserValue(s)
	if !ok {
		return nil
	}
	if !c.Visible(s) {
		return c.invisible(s)
	}
	if p := c.outOfRange(s, value); p != nil {
		return p
	}
	if s.Type == Bool && value != c.Value(s) {
		return c.overruled(s, value)
	}
	return nil
}

// UserValueProblems are those of all symbols, in the order of the tree.
func (c *Config) UserValueProblems() []*Problem {
	var problems []*Problem
	for s := range c.UserSet() {
		if p := c.UserValueProblem(s); p != nil {
			problems = append(problems, p)
		}
	}
	return problems
}

func (c *Config) invisible(s *Symbol) *Problem {
	p := &Problem{Kind: Invisible, Symbol: s, Unmet: c.Unmet(s)}
	if s.Prompt() == "" {
		p.Message = "is computed and cannot be set"
		return p
	}
	var ways []string
	for _, n := range s.Nodes {
		if !n.hasPrompt {
			continue
		}
		var texts []string
		for _, unmet := range c.UnmetNode(n) {
			texts = append(texts, unmet.Text)
		}
		ways = append(ways, strings.Join(texts, " and "))
	}
	p.Message = "cannot be set unless " + strings.Join(ways, ", or ")
	return p
}

func (c *Config) outOfRange(s *Symbol, value string) *Problem {
	r := c.activeRange(s)
	if r == nil {
		return nil
	}
	low, high := c.number(r.Low, s), c.number(r.High, s)
	n := toNumber(value, base(s.Type))
	if low <= n && n <= high {
		return nil
	}
	return &Problem{
		Kind: OutOfRange, Symbol: s,
		Message: fmt.Sprintf("%s is not in the range from %s to %s", value, c.text(r.Low), c.text(r.High)),
	}
}

func (c *Config) overruled(s *Symbol, value string) *Problem {
	p := &Problem{Kind: Overruled, Symbol: s}
	origin := c.Origin(s)
	switch {
	case origin.Kind == Selected:
		p.Message = fmt.Sprintf("is y, not %s, because %s selects it", value, names(origin.By))
	case s.Choice != nil && len(origin.By) > 0:
		p.Message = fmt.Sprintf("is n, not %s, because %s is chosen", value, names(origin.By))
	default:
		p.Message = fmt.Sprintf("is y, not %s, because one member of the choice must be", value)
	}
	return p
}

func wrongType(s *Symbol, value string) *Problem {
	p := &Problem{Kind: WrongType, Symbol: s}
	switch {
	case s.Type == Bool && value != "y" && value != "n":
		p.Message = fmt.Sprintf("%q is neither y nor n", value)
		p.Legal = []string{"y", "n"}
	case s.Type == Int && !validInt(value):
		p.Message = fmt.Sprintf("%q is not a whole number (such as 3 or -1, without leading zeros)", value)
	case s.Type == Hex && !validHex(value):
		p.Message = fmt.Sprintf("%q is not a hexadecimal number (such as 0x1f)", value)
	case s.Type == String && strings.ContainsAny(value, "\n\r\x00"):
		p.Message = fmt.Sprintf("%q has more than one line", value)
	case s.Type == Unknown:
		p.Message = "has no type, so it takes no value"
	default:
		return nil
	}
	return p
}

func (t *Tree) unknown(name string) *Problem {
	return &Problem{Kind: UnknownSymbol, Message: fmt.Sprintf("%s: no config defines this symbol", name)}
}

func notMember(ch *Choice, member string) *Problem {
	p := &Problem{Kind: NotMember}
	for _, m := range ch.Members {
		p.Legal = append(p.Legal, m.Name)
	}
	p.Message = fmt.Sprintf("%s: %q is not one of %s", ch.Name, member, strings.Join(p.Legal, ", "))
	return p
}

func names(symbols []*Symbol) string {
	list := make([]string, len(symbols))
	for i, s := range symbols {
		list[i] = s.Name
	}
	return strings.Join(list, ", ")
}
