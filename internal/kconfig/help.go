package kconfig

import "strings"

// help reads the lines after a help statement. The first line that is not
// blank sets the indentation, in which a tab fills up to a multiple of 8; the
// text ends before the first line that is indented less. Deeper indentation
// and blank lines inside stay.
func (l *lexer) help() string {
	var lines []string
	indent := 0
	for l.pos < len(l.text) {
		line, end := l.peekLine()
		text := strings.TrimRight(line, " \t\r\f\v")
		if text == "" {
			lines = append(lines, "")
			l.nextLine(end)
			continue
		}
		width, body := indentation(text)
		if indent == 0 {
			indent = width
		}
		if width < indent || width == 0 {
			break
		}
		lines = append(lines, strings.Repeat(" ", width-indent)+body)
		l.nextLine(end)
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// peekLine returns the line at the current position and where it ends.
func (l *lexer) peekLine() (line string, end int) {
	n := strings.IndexByte(l.text[l.pos:], '\n')
	if n < 0 {
		return l.text[l.pos:], len(l.text)
	}
	return l.text[l.pos : l.pos+n], l.pos + n + 1
}

func (l *lexer) nextLine(end int) {
	l.pos, l.start = end, end
	l.line++
}

// indentation is the width of the white space in front of a line.
func indentation(line string) (width int, body string) {
	for i := range len(line) {
		switch line[i] {
		case ' ':
			width++
		case '\t':
			width = width&^7 + 8
		default:
			return width, line[i:]
		}
	}
	return width, ""
}
