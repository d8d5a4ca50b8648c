package wizard

import (
	"runtime"
	"strings"
	"unicode"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// look is what the wizard is drawn with. Colours are only those of the basic
// eight that are legible on a light and on a dark background, and none says
// anything that a sign or a word does not say too.
type look struct {
	ascii bool

	plain, bold, dim, accent, cursor, changed, bad, good lipgloss.Style

	at, mark, warn, into, crumb, pick, more, dot, rule, cut string
	on, off, locked, chosen, open                           string
	ok, failed, moves                                       string
	// corners are the top left, top right, bottom left and bottom right ones,
	// and side is what joins them.
	corners [4]string
	side    string
}

func newLook(env func(string) string) look {
	l := look{
		plain: lipgloss.NewStyle(), bold: lipgloss.NewStyle().Bold(true), dim: lipgloss.NewStyle().Faint(true),
		at: "▸", mark: "•", warn: "!", into: "›", crumb: " › ", pick: "▾", more: "↓", dot: " · ", rule: "─", cut: "…",
		on: "[✓]", off: "[ ]", locked: "-✓-", chosen: "(•)", open: "( )",
		ok: "✓", failed: "✗", moves: "↑↓",
		corners: [4]string{"╭", "╮", "╰", "╯"}, side: "│",
	}
	if !utf8(env, runtime.GOOS) {
		l.ascii = true
		l.at, l.mark, l.into, l.crumb, l.pick, l.more, l.dot, l.rule, l.cut = ">", "*", ">", " > ", "v", "v", " - ", "-", "~"
		l.on, l.locked, l.chosen, l.ok, l.failed, l.moves = "[x]", "-x-", "(x)", "+", "x", "up/down"
		l.corners, l.side = [4]string{"+", "+", "+", "+"}, "|"
	}
	l.accent, l.cursor, l.changed = l.plain, l.bold, l.bold
	l.bad, l.good = l.bold, l.plain
	if env("NO_COLOR") == "" {
		l.accent = l.plain.Foreground(lipgloss.Cyan)
		l.cursor = l.bold.Foreground(lipgloss.Cyan)
		l.changed = l.plain.Foreground(lipgloss.Magenta)
		l.bad = l.plain.Foreground(lipgloss.Red)
		l.good = l.plain.Foreground(lipgloss.Green)
	}
	return l
}

// text makes a text of a file harmless: no control sequence of a prompt or a
// value reaches the terminal, and it is one line.
func (l look) text(s string) string {
	if printable(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case l.ascii && r > unicode.MaxASCII, unicode.IsControl(r):
			return '?'
		case unicode.Is(unicode.Cf, r) && r != '\u200d':
			return -1
		}
		return r
	}, s)
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// width is how many columns a text takes.
func width(s string) int {
	if printable(s) {
		return len(s)
	}
	return ansi.StringWidthWc(s)
}

// fit cuts a text, with or without styles, to a number of columns.
func (l look) fit(s string, columns int) string {
	if columns <= 0 {
		return ""
	}
	if len(s) <= columns || width(s) <= columns {
		return s
	}
	return ansi.TruncateWc(s, columns, l.cut)
}

// fitEnd cuts a text without styles to a number of columns, and keeps its end.
func (l look) fitEnd(s string, columns int) string {
	if columns < 2 {
		return ""
	}
	all := width(s)
	if all <= columns {
		return s
	}
	s = l.cut + ansi.TruncateLeftWc(s, all-columns+width(l.cut), "")
	return ansi.TruncateWc(s, columns, "") // a wide character may straddle the cut
}

// pad fits a text and fills it up with spaces.
func (l look) pad(s string, columns int) string {
	s = l.fit(s, columns)
	return s + strings.Repeat(" ", max(0, columns-width(s)))
}

// wrap breaks a text into lines. Its own line breaks stay.
func (l look) wrap(s string, columns int) []string {
	var lines []string
	for line := range strings.Lines(s) {
		lines = append(lines, strings.Split(ansi.WrapWc(l.text(strings.TrimRight(line, "\r\n")), max(1, columns), ""), "\n")...)
	}
	return lines
}
