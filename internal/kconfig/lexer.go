package kconfig

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// lexer splits a file into statements, which are lines of tokens.
type lexer struct {
	text string
	pos  int
	line int
	// start is the offset at which the current line starts.
	start int
	// tokens are those of the current statement.
	tokens []token
	// broken is set if the current statement had an error already.
	broken bool
	report func(line, col int, message string)
}

func newLexer(text string, report func(line, col int, message string)) *lexer {
	return &lexer{text: strings.TrimPrefix(text, "\ufeff"), line: 1, report: report}
}

// next reads the next statement that has a token, and says whether there is one.
func (l *lexer) next() bool {
	for l.pos < len(l.text) {
		l.tokens, l.broken = l.tokens[:0], false
		l.statement()
		if len(l.tokens) > 0 {
			return true
		}
	}
	return false
}

// statement reads tokens up to the end of the line, which it consumes.
func (l *lexer) statement() {
	for l.pos < len(l.text) {
		b := l.text[l.pos]
		switch {
		case b == '\n':
			l.newline(1)
			return
		case b == ' ' || b == '\t' || b == '\r' || b == '\f' || b == '\v':
			l.pos++
		case b == '#':
			l.skipLine()
		case b == '\\' && strings.HasPrefix(l.text[l.pos:], "\\\n"):
			l.newline(2)
		case b == '\\' && strings.HasPrefix(l.text[l.pos:], "\\\r\n"):
			l.newline(3)
		case isWordByte(b):
			l.word()
		case b == '"' || b == '\'':
			l.quoted(b)
		default:
			l.operator(b)
		}
	}
}

// newline ends a line whose end has n bytes.
func (l *lexer) newline(n int) {
	l.pos += n
	l.line++
	l.start = l.pos
}

// skipLine moves to the end of the line.
func (l *lexer) skipLine() {
	if n := strings.IndexByte(l.text[l.pos:], '\n'); n >= 0 {
		l.pos += n
		return
	}
	l.pos = len(l.text)
}

func (l *lexer) word() {
	from := l.pos
	for l.pos < len(l.text) && isWordByte(l.text[l.pos]) {
		l.pos++
	}
	l.add(token{kind: tokenWord, text: l.text[from:l.pos]}, from)
}

func (l *lexer) add(t token, at int) {
	t.line, t.col = l.line, at-l.start+1
	l.tokens = append(l.tokens, t)
}

// quoted reads a text. Its only escape is a backslash before any character.
func (l *lexer) quoted(mark byte) {
	from := l.pos
	l.pos++
	begin, escaped := l.pos, false
	for l.pos < len(l.text) && l.text[l.pos] != mark && l.text[l.pos] != '\n' {
		if l.text[l.pos] == '\\' && l.pos+1 < len(l.text) && l.text[l.pos+1] != '\n' {
			escaped = true
			l.pos++
		} else if strings.HasPrefix(l.text[l.pos:], "$(") {
			l.fail(l.pos, noMacros)
		}
		l.pos++
	}
	text := l.text[begin:l.pos]
	if escaped {
		text = unescape(text)
	}
	if l.pos == len(l.text) || l.text[l.pos] == '\n' {
		l.fail(from, fmt.Sprintf("text is not closed; expected %c before the end of the line", mark))
		text = strings.TrimRight(text, "\r")
	} else {
		l.pos++
	}
	l.add(token{kind: tokenText, text: text}, from)
}

func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// operator reads the longest operator, or reports a character that is none.
func (l *lexer) operator(b byte) {
	rest := l.text[l.pos:]
	for _, o := range [...]struct {
		text string
		kind tokenKind
		op   Op
	}{
		{"&&", tokenOp, OpAnd}, {"||", tokenOp, OpOr}, {"!=", tokenOp, OpUnequal},
		{"<=", tokenOp, OpLessEqual}, {">=", tokenOp, OpGreaterEqual},
		{":=", tokenAssign, 0}, {"+=", tokenAssign, 0},
		{"=", tokenOp, OpEqual}, {"<", tokenOp, OpLess}, {">", tokenOp, OpGreater},
		{"!", tokenOp, OpNot}, {"(", tokenOpen, 0}, {")", tokenClose, 0},
	} {
		if strings.HasPrefix(rest, o.text) {
			l.add(token{kind: o.kind, op: o.op, text: o.text}, l.pos)
			l.pos += len(o.text)
			return
		}
	}
	if strings.HasPrefix(rest, "$(") {
		l.fail(l.pos, noMacros)
		l.skipLine()
		return
	}
	r, size := utf8.DecodeRuneInString(rest)
	if b < utf8.RuneSelf || r != utf8.RuneError {
		l.fail(l.pos, fmt.Sprintf("unsupported character %q; quote texts", r))
	} else {
		l.fail(l.pos, fmt.Sprintf("byte 0x%02x is not UTF-8", b))
	}
	l.pos += size
}

const noMacros = "macros such as $(shell …) are not supported: reading a description runs nothing"

// fail reports the first error of a statement.
func (l *lexer) fail(at int, message string) {
	if !l.broken {
		l.report(l.line, at-l.start+1, message)
	}
	l.broken = true
}
