package wizard

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// sheet is a text that is being written: headings, paragraphs, and facts with
// their names in a column.
type sheet struct {
	look    look
	columns int
	lines   []string
}

const factColumn = 10

func (s *sheet) gap() {
	if len(s.lines) > 0 && s.lines[len(s.lines)-1] != "" {
		s.lines = append(s.lines, "")
	}
}

func (s *sheet) heading(text string) {
	s.gap()
	s.lines = append(s.lines, s.look.bold.Render(s.look.fit(s.look.text(text), s.columns)))
}

func (s *sheet) paragraph(text string, style lipgloss.Style) {
	s.indented("", text, style)
}

// item is a paragraph behind a sign.
func (s *sheet) item(sign, text string, style lipgloss.Style) {
	s.indented("  "+sign+" ", text, style)
}

func (s *sheet) indented(first, text string, style lipgloss.Style) {
	indent := width(first)
	for i, line := range s.look.wrap(text, s.columns-indent) {
		if i > 0 {
			first = strings.Repeat(" ", indent)
		}
		s.lines = append(s.lines, first+style.Render(line))
	}
}

// fact is a name and what belongs to it; without a name it belongs to the one
// above.
func (s *sheet) fact(name, value, note string) {
	line := s.look.dim.Render(s.look.pad(name, factColumn)) + " "
	room := max(8, s.columns-factColumn-1)
	value = s.look.text(value)
	if note = s.look.text(note); width(value)+2+width(note) <= room && note != "" {
		s.lines = append(s.lines, line+value+"  "+s.look.dim.Render(note))
		return
	}
	for _, part := range s.look.wrap(value, room) {
		s.lines = append(s.lines, line+part)
		line = strings.Repeat(" ", factColumn+1)
	}
	if note != "" {
		for _, part := range s.look.wrap(note, room) {
			s.lines = append(s.lines, strings.Repeat(" ", factColumn+1)+s.look.dim.Render(part))
		}
	}
}
