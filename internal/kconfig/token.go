package kconfig

// tokenKind is the kind of a token.
type tokenKind uint8

const (
	// tokenWord is a keyword, a name, a number or an unquoted path.
	tokenWord tokenKind = iota
	// tokenText is a quoted text, without its quotes and escapes.
	tokenText
	// tokenOp is an operator of an expression.
	tokenOp
	tokenOpen
	tokenClose
	// tokenAssign is := or +=, which only macros use.
	tokenAssign
)

// token is one token of a statement.
type token struct {
	kind tokenKind
	op   Op
	text string
	line int
	col  int
}

// String is how a message names the token.
func (t token) String() string {
	switch t.kind {
	case tokenText:
		return quote(t.text)
	case tokenWord:
		return `"` + t.text + `"`
	default:
		return `"` + t.text + `"`
	}
}

func isWordByte(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		return true
	default:
		return b == '_' || b == '.' || b == '-' || b == '/'
	}
}
