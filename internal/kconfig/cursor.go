package kconfig

// The cursor walks the tokens of the current statement.

func (p *parser) more() bool { return p.at < len(p.lexer.tokens) }

func (p *parser) peek() token { return p.lexer.tokens[p.at] }

func (p *parser) take() token {
	t := p.lexer.tokens[p.at]
	p.at++
	return t
}

func (p *parser) isOp(op Op) bool {
	return p.more() && p.peek().kind == tokenOp && p.peek().op == op
}

func (p *parser) isWord(word string) bool {
	return p.more() && p.peek().kind == tokenWord && p.peek().text == word
}

// here is the place of the next token, or the end of the last one.
func (p *parser) here() Span {
	if p.more() {
		return p.span(p.peek())
	}
	last := p.lexer.tokens[len(p.lexer.tokens)-1]
	return Span{p.file, last.line, last.col + len(last.text)}
}

// before names the next token for a message.
func (p *parser) before() string {
	if p.more() {
		return " before " + p.peek().String()
	}
	return ""
}

func (p *parser) span(t token) Span { return Span{p.file, t.line, t.col} }

// end reports what is left of a statement that should be over.
func (p *parser) end() {
	if p.more() {
		p.fail(p.here(), "unexpected "+p.peek().String())
	}
}

// trailing parses an optional "if" and the end of the statement; ok is false
// if there is an error.
func (p *parser) trailing() (condition *Expr, ok bool) {
	if p.isWord("if") {
		p.take()
		if condition = p.expression(); condition == nil {
			return nil, false
		}
	}
	p.end()
	return condition, !p.more()
}

// promptText parses a quoted text.
func (p *parser) promptText() (text string, ok bool) {
	if !p.more() || p.peek().kind != tokenText {
		p.fail(p.here(), "expected a quoted text"+p.before())
		return "", false
	}
	return p.take().text, true
}

// fail reports an error in the current statement. Only the first one counts.
func (p *parser) fail(at Span, message string) {
	if p.lexer.broken {
		return
	}
	p.lexer.broken = true
	p.error(at, message)
}
