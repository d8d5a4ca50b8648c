package kconfig

import "strings"

// Op is the operator of an expression.
type Op int

// The operators. A leaf is OpSymbol; the operands of a comparison are leaves.
const (
	OpSymbol Op = iota
	OpNot
	OpAnd
	OpOr
	OpEqual
	OpUnequal
	OpLess
	OpLessEqual
	OpGreater
	OpGreaterEqual
)

// String is the operator as it is written.
func (o Op) String() string {
	return [...]string{"", "!", "&&", "||", "=", "!=", "<", "<=", ">", ">="}[o]
}

// Comparison says whether the operator compares two symbols.
func (o Op) Comparison() bool { return o >= OpEqual }

// Expr is an expression. A nil one is always true.
type Expr struct {
	Op Op
	// Symbol is set for OpSymbol only, Left for all others, and Right for all
	// of those but OpNot.
	Symbol      *Symbol
	Left, Right *Expr
	Span        Span
}

// String writes the expression with the parentheses it needs.
func (e *Expr) String() string {
	if e == nil {
		return "y"
	}
	var b strings.Builder
	e.write(&b, (*Symbol).String)
	return b.String()
}

func (e *Expr) write(b *strings.Builder, leaf func(*Symbol) string) {
	switch e.Op {
	case OpSymbol:
		b.WriteString(leaf(e.Symbol))
	case OpNot:
		b.WriteByte('!')
		e.Left.nested(b, e.Left.Op != OpSymbol && e.Left.Op != OpNot, leaf)
	default:
		e.Left.nested(b, e.Op == OpAnd && e.Left.Op == OpOr, leaf)
		b.WriteString(" " + e.Op.String() + " ")
		e.Right.nested(b, e.Op == OpAnd && e.Right.Op == OpOr, leaf)
	}
}

func (e *Expr) nested(b *strings.Builder, parentheses bool, leaf func(*Symbol) string) {
	if !parentheses {
		e.write(b, leaf)
		return
	}
	b.WriteByte('(')
	e.write(b, leaf)
	b.WriteByte(')')
}

// Terms are the parts of the expression that must all hold.
func (e *Expr) Terms() []*Expr {
	return e.appendTerms(nil)
}

func (e *Expr) appendTerms(terms []*Expr) []*Expr {
	if e == nil {
		return terms
	}
	if e.Op == OpAnd {
		return e.Right.appendTerms(e.Left.appendTerms(terms))
	}
	return append(terms, e)
}

// Symbols calls visit for every symbol in the expression, constants included.
func (e *Expr) Symbols(visit func(*Symbol)) {
	if e == nil {
		return
	}
	if e.Op == OpSymbol {
		visit(e.Symbol)
		return
	}
	e.Left.Symbols(visit)
	e.Right.Symbols(visit)
}

// mentions says whether a symbol is anywhere in the expression.
func (e *Expr) mentions(s *Symbol) bool {
	if e == nil {
		return false
	}
	return e.Symbol == s && e.Op == OpSymbol || e.Left.mentions(s) || e.Right.mentions(s)
}

// quote writes a text so that the language reads the same text again.
func quote(text string) string {
	if !strings.ContainsAny(text, `"\`) {
		return `"` + text + `"`
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		if text[i] == '"' || text[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
	b.WriteByte('"')
	return b.String()
}
