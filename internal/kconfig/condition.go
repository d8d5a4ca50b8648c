package kconfig

import "fmt"

// maxDepth bounds how deep expressions, blocks and includes nest, and
// maxTerms how many operators an expression has: no file needs more, and the
// time and memory that a hostile one takes stay proportional to its size.
const (
	maxDepth = 64
	maxTerms = 10_000
)

// expression parses an expression at the cursor, up to an "if" or the end of
// the statement. It returns nil after an error.
func (p *parser) expression() *Expr {
	p.operators = 0
	return p.or(0)
}

func (p *parser) or(depth int) *Expr {
	return p.chain(OpOr, depth, p.and)
}

func (p *parser) and(depth int) *Expr {
	return p.chain(OpAnd, depth, p.not)
}

func (p *parser) chain(op Op, depth int, operand func(int) *Expr) *Expr {
	left := operand(depth)
	for left != nil && p.isOp(op) {
		at := p.span(p.take())
		if p.operators++; p.operators > maxTerms {
			p.fail(at, fmt.Sprintf("expression has more than %d operators", maxTerms))
			return nil
		}
		right := operand(depth)
		if right == nil {
			return nil
		}
		left = p.exprs.new(Expr{Op: op, Left: left, Right: right, Span: left.Span})
	}
	return left
}

func (p *parser) not(depth int) *Expr {
	if depth > maxDepth {
		p.fail(p.here(), fmt.Sprintf("expression nests deeper than %d", maxDepth))
		return nil
	}
	if p.isOp(OpNot) {
		at := p.span(p.take())
		inner := p.not(depth + 1)
		if inner == nil {
			return nil
		}
		return p.exprs.new(Expr{Op: OpNot, Left: inner, Span: at})
	}
	if p.more() && p.peek().kind == tokenOpen {
		open := p.take()
		inner := p.or(depth + 1)
		if inner == nil {
			return nil
		}
		if !p.more() || p.peek().kind != tokenClose {
			p.fail(p.here(), fmt.Sprintf(`expected ")" for the "(" in column %d`, open.col))
			return nil
		}
		p.take()
		return inner
	}
	return p.comparison()
}

// comparison parses a symbol, or two of them and how they compare.
func (p *parser) comparison() *Expr {
	left := p.leaf()
	if left == nil || !p.more() || p.peek().kind != tokenOp || !p.peek().op.Comparison() {
		return left
	}
	op := p.take().op
	right := p.leaf()
	if right == nil {
		return nil
	}
	if p.more() && p.peek().kind == tokenOp && p.peek().op.Comparison() {
		p.fail(p.here(), "comparisons do not chain; combine two with &&")
		return nil
	}
	return p.exprs.new(Expr{Op: op, Left: left, Right: right, Span: left.Span})
}

func (p *parser) leaf() *Expr {
	at := p.here()
	s := p.symbolOperand()
	if s == nil {
		return nil
	}
	return p.exprs.new(Expr{Op: OpSymbol, Symbol: s, Span: at})
}

// symbolOperand parses a word or a quoted text.
func (p *parser) symbolOperand() *Symbol {
	at := p.here()
	if !p.more() || p.isWord("if") {
		p.fail(at, "expected a symbol or a quoted text"+p.before())
		return nil
	}
	switch t := p.peek(); t.kind {
	case tokenText:
		p.take()
		return p.constant(t.text)
	case tokenWord:
		p.take()
		switch t.text {
		case "m":
			p.fail(at, `the constant m needs tristates, which are not supported; write "m" for the text`)
			return nil
		case "y", "n":
			return p.constant(t.text)
		}
		return p.word(t.text)
	default:
		p.fail(at, "expected a symbol or a quoted text"+p.before())
		return nil
	}
}

// word returns the symbol of that name, which may be defined later or never.
func (p *parser) word(name string) *Symbol {
	s := p.tree.table[name]
	if s == nil {
		s = p.symbols.new(Symbol{Name: name})
		p.tree.table[name] = s
	}
	return s
}

func (p *parser) constant(text string) *Symbol {
	s := p.constants[text]
	if s == nil {
		s = p.symbols.new(Symbol{Name: text, constant: true})
		p.constants[text] = s
	}
	return s
}
