package wizard

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// The smallest screen in which something can be read.
const (
	minWidth  = 40
	minHeight = 10
)

// mostProblems is how many lines say what is wrong.
const mostProblems = 3

// layout is how the lines of the screen are shared out.
type layout struct{ body, info, problems int }

func (m *model) layout(s screen) layout {
	if s.tall() {
		return layout{body: max(1, m.height-4)}
	}
	var l layout
	switch {
	case m.height >= 32:
		l.info = 5
	case m.height >= 16:
		l.info = 3
	case m.height >= 12:
		l.info = 1
	}
	if len(m.facts.problems) > 0 {
		l.problems = 1
		if m.height >= 20 {
			l.problems = min(len(m.problemLines()), mostProblems)
		}
	}
	l.body = max(1, m.height-4-l.info-l.problems)
	return l
}

func (m *model) tooSmall() bool { return m.width < minWidth || m.height < minHeight }

// View draws the screen.
func (m *model) View() tea.View {
	p := m.draw()
	v := tea.NewView(strings.Join(p.lines, "\n"))
	v.AltScreen = true
	if p.typed {
		v.Cursor = tea.NewCursor(p.x, p.y)
	}
	return v
}

// draw returns exactly as many lines as the screen has, none of them too wide.
func (m *model) draw() picture {
	if m.tooSmall() {
		return m.drawTooSmall()
	}
	s := m.top()
	l := m.layout(s)
	body := s.draw(m, m.width, l.body)
	body.y += 2
	lines := append([]string{m.header(), m.rule("", m.filters())}, body.lines...)
	for len(lines) < 2+l.body {
		lines = append(lines, "")
	}
	lines = append(lines[:2+l.body], m.rule("", m.where(s, l)))
	lines = append(lines, m.drawInfo(s, l)...)
	lines = append(lines, m.drawProblems(l.problems)...)
	lines = append(lines, m.footer(s))
	body.lines = lines[:m.height]
	for i, line := range body.lines {
		body.lines[i] = m.look.fit(line, m.width)
	}
	return body
}

func (m *model) drawTooSmall() picture {
	lines := []string{"Please make the terminal larger: 40 columns and 10 lines are needed."}
	switch {
	case m.leaving():
		lines = append(lines, "Ctrl-C again leaves without saving.")
	case m.facts.modified:
		lines = append(lines, "Nothing is lost. Ctrl-C leaves.")
	default:
		lines = append(lines, "Ctrl-C leaves.")
	}
	p := picture{lines: make([]string, max(0, m.height))}
	for i, line := range m.look.wrap(strings.Join(lines, "\n"), m.width) {
		if i < len(p.lines) {
			p.lines[i] = m.look.fit(line, m.width)
		}
	}
	return p
}

// header says where one is, and what is edited.
func (m *model) header() string {
	state := m.state(m.width / 2)
	room := m.width - width(state) - 4
	return " " + m.look.pad(m.crumbs(room), room) + "  " + state + " "
}

// state is the file and whether it holds what is seen. Of a long path the end
// is what tells files apart.
func (m *model) state(room int) string {
	l := m.look
	path := l.text(m.options.Path)
	if !m.facts.modified {
		return l.dim.Render(l.fitEnd(path, room))
	}
	word := "not saved"
	if path != "" {
		word = l.dot + word
	}
	return l.changed.Render(l.fitEnd(path, room-width(word)) + word)
}

// crumbs are the open menus. If there is no room for all, the outer ones go.
func (m *model) crumbs(room int) string {
	l := m.look
	parts := []string{l.text(m.options.Title)}
	for _, p := range m.pages[1:] {
		parts = append(parts, l.text(p.node.Prompt))
	}
	if t, ok := m.top().(*text); ok {
		parts = append(parts, l.text(t.title))
	}
	if _, ok := m.top().(*search); ok {
		parts = []string{parts[0], "Search"}
	}
	cut := false
	for len(parts) > 1 && width(strings.Join(parts, l.crumb)) > room-width(l.cut+l.crumb) {
		if !cut && width(strings.Join(parts, l.crumb)) <= room {
			break
		}
		parts, cut = parts[1:], true
	}
	last := len(parts) - 1
	text := l.bold.Render(parts[last])
	if last > 0 {
		text = l.dim.Render(strings.Join(parts[:last], l.crumb)+l.crumb) + text
	}
	if cut {
		text = l.dim.Render(l.cut+l.crumb) + text
	}
	return l.fit(text, room)
}

func (m *model) filters() string {
	var on []string
	if m.showAll {
		on = append(on, "hidden ones too")
	}
	if m.changedOnly {
		on = append(on, "changed only")
	}
	return strings.Join(on, m.look.dot)
}

// rule is a line with a word at its left or right end.
func (m *model) rule(left, right string) string {
	l := m.look
	if left != "" {
		left = " " + left + " "
	}
	if right != "" {
		right = " " + right + " " + l.rule
	}
	line := strings.Repeat(l.rule, max(0, m.width-width(left)-width(right)))
	return l.dim.Render(line) + left + l.dim.Render(right)
}

// where is the position in a list or text that is longer than the screen.
func (m *model) where(s screen, l layout) string {
	switch s := s.(type) {
	case menus:
		return position(m.page().cursor, len(m.rows), l.body)
	case *search:
		return position(s.cursor, len(s.found), l.body-2)
	case *text:
		if rest := len(s.lines) - s.top - l.body + 1; rest > 0 {
			return count(rest, "more line", "more lines") + " " + m.look.more
		}
	}
	return ""
}
