package wizard

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// below is the screen that a screen lies on.
func (m *model) below(s screen) screen {
	for i := len(m.screens) - 1; i > 0; i-- {
		if m.screens[i] == s {
			return m.screens[i-1]
		}
	}
	return menus{}
}

// box draws lines in a frame, in the middle of a faint picture of what is
// below.
func (m *model) box(s screen, lines []string, columns, height int) picture {
	under := m.below(s).draw(m, columns, height)
	p := picture{lines: make([]string, height)}
	for i := range p.lines {
		if i < len(under.lines) {
			p.lines[i] = m.look.dim.Render(ansi.Strip(under.lines[i]))
		}
	}
	inner := 24
	for _, line := range lines {
		inner = max(inner, width(line))
	}
	inner = min(inner, columns-6)
	frame := m.frame(lines, inner)
	left := (columns - inner - 4) / 2
	from := max(0, (height-len(frame))/2)
	for i, line := range frame {
		if from+i < height {
			p.lines[from+i] = strings.Repeat(" ", left) + line
		}
	}
	p.x, p.y = left+2, from+1
	return p
}

func (m *model) frame(lines []string, inner int) []string {
	l := m.look
	rule := strings.Repeat(l.rule, inner+2)
	frame := []string{l.accent.Render(l.corners[0] + rule + l.corners[1])}
	side := l.accent.Render(l.side)
	for _, line := range lines {
		frame = append(frame, side+" "+l.pad(line, inner)+" "+side)
	}
	return append(frame, l.accent.Render(l.corners[2]+rule+l.corners[3]))
}
