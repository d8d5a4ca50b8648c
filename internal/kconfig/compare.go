package kconfig

import (
	"cmp"
	"strings"
)

// holds evaluates an expression; a nil one holds.
func (c *Config) holds(e *Expr) bool {
	if e == nil {
		return true
	}
	switch e.Op {
	case OpSymbol:
		return c.yes(e.Symbol)
	case OpNot:
		return !c.holds(e.Left)
	case OpAnd:
		return c.holds(e.Left) && c.holds(e.Right)
	case OpOr:
		return c.holds(e.Left) || c.holds(e.Right)
	default:
		return e.Op.accepts(c.compare(e.Left.Symbol, e.Right.Symbol))
	}
}

func (o Op) accepts(order int) bool {
	switch o {
	case OpEqual:
		return order == 0
	case OpUnequal:
		return order != 0
	case OpLess:
		return order < 0
	case OpLessEqual:
		return order <= 0
	case OpGreater:
		return order > 0
	default:
		return order >= 0
	}
}

// yes is the truth of a symbol: only bools and the constant y have one.
func (c *Config) yes(s *Symbol) bool {
	if !s.Defined() {
		return s.constant && s.Name == "y"
	}
	return s.Type == Bool && c.symbol(s).isYes
}

// text is the value of a symbol as a text. An undefined word is its own.
func (c *Config) text(s *Symbol) string {
	if !s.Defined() {
		return s.Name
	}
	return c.symbol(s).value(s)
}

// compare compares two string symbols as texts, everything else as numbers if
// both sides are one, unsigned if one of them is a hex.
func (c *Config) compare(a, b *Symbol) int {
	left, right := c.text(a), c.text(b)
	if a.Type == String && b.Type == String {
		return strings.Compare(left, right)
	}
	l, r := parseOperand(left, a.operandType()), parseOperand(right, b.operandType())
	switch {
	case l.kind == notANumber || r.kind == notANumber:
		return strings.Compare(left, right)
	case l.kind == unsigned || r.kind == unsigned:
		return cmp.Compare(l.bits, r.bits)
	default:
		return cmp.Compare(int64(l.bits), int64(r.bits))
	}
}

// operandType is the type by which a comparison reads a symbol's text.
func (s *Symbol) operandType() Type {
	if s.constant && (s.Name == "y" || s.Name == "n") {
		return Bool
	}
	return s.Type
}
