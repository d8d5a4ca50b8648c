package wizard

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// binding is a key and what it does now.
type binding struct{ key, does string }

// footer shows as many keys as there is room for.
func (m *model) footer(s screen) string {
	l := m.look
	line, used := " ", 1
	for _, b := range s.keys(m) {
		if used+width(b.key)+1+width(b.does)+1 > m.width {
			break
		}
		line += l.bold.Render(b.key) + " " + l.dim.Render(b.does) + "  "
		used += width(b.key) + 1 + width(b.does) + 2
	}
	return strings.TrimRight(line, " ")
}

// drawInfo are the lines about what is selected, or what is to be said.
func (m *model) drawInfo(s screen, l layout) []string {
	var lines []string
	switch {
	case l.info == 0:
		return nil
	case m.notice.text != "":
		style := map[noticeKind]lipgloss.Style{told: m.look.accent, done: m.look.good, failed: m.look.bad}[m.notice.kind]
		sign := map[noticeKind]string{done: m.look.ok + " ", failed: m.look.failed + " "}[m.notice.kind]
		for _, line := range m.look.wrap(sign+m.notice.text, m.width-2) {
			lines = append(lines, " "+style.Render(line))
		}
	default:
		for _, line := range s.info(m, m.width-2, l.info) {
			lines = append(lines, " "+line)
		}
	}
	for len(lines) < l.info {
		lines = append(lines, "")
	}
	return lines[:l.info]
}

// drawProblems are what is wrong, as far as there is room.
func (m *model) drawProblems(height int) []string {
	l := m.look
	lines := m.problemLines()
	for i := range lines {
		lines[i] = " " + l.bad.Render(lines[i])
	}
	if len(lines) <= height {
		return lines
	}
	if len(m.facts.problems) == 1 {
		return []string{" " + l.bad.Render(l.fit(l.failed+" "+l.text(m.facts.problems[0].Message), m.width-2))}
	}
	all := count(len(m.facts.problems), "problem", "problems")
	return append(lines[:height-1], " "+l.bad.Render(l.failed+" "+all)+"  "+l.bold.Render("!")+l.dim.Render(" shows them one by one"))
}

// problemLines are the messages, each in two lines at most.
func (m *model) problemLines() []string {
	var lines []string
	for _, p := range m.nearest() {
		parts := m.look.wrap(p.Message, m.width-4)
		for i, part := range parts[:min(2, len(parts))] {
			if i == 1 && len(parts) > 2 {
				part = m.look.fit(part+m.look.cut+m.look.cut, m.width-4)
			}
			sign := map[bool]string{true: m.look.failed + " ", false: "  "}[i == 0]
			lines = append(lines, sign+part)
		}
		if len(lines) > mostProblems {
			break
		}
	}
	return lines
}

// nearest are the problems, those of the selected entry first.
func (m *model) nearest() []Problem {
	n := m.at()
	if n == nil || !m.facts.wrong[nameOf(n)] {
		return m.facts.problems
	}
	var here, elsewhere []Problem
	for _, p := range m.facts.problems {
		if slices.Contains(p.Symbols, nameOf(n)) {
			here = append(here, p)
			continue
		}
		elsewhere = append(elsewhere, p)
	}
	return append(here, elsewhere...)
}

func (menus) keys(m *model) []binding {
	if m.edit != nil {
		return []binding{{"Enter", "accept"}, {"Esc", "leave as it was"}, {"Ctrl-U", "clear"}, {"F1", "help"}}
	}
	var list []binding
	r, ok := m.current()
	if ok {
		list = m.keysOf(r)
	}
	if len(m.pages) > 1 {
		list = append(list, binding{"Esc", "back"})
	}
	list = append(list, binding{"?", "help"}, binding{"/", "search"}, binding{"s", "save"}, binding{"q", "quit"})
	if len(m.facts.problems) > 0 {
		list = append(list, binding{"!", "problem"})
	}
	if ok && m.facts.own[r.node] {
		list = append(list, binding{"r", "reset"})
	}
	return append(list, binding{"c", "changed"}, binding{"a", "all"}, binding{"H", "keys"})
}

// keysOf are the keys for one entry.
func (m *model) keysOf(r row) []binding {
	n := r.node
	switch {
	case n.Kind == kconfig.KindComment || r.hidden && !m.opens(n):
		return nil
	case n.Symbol != nil && n.Symbol.Choice != nil:
		return []binding{{"Enter", "choose"}}
	case n.Kind == kconfig.KindMenuconfig && m.opens(n) && m.fixed(n.Symbol) == "":
		return []binding{{"Enter", "open"}, {"Space", "turn off"}}
	case n.Choice != nil:
		return []binding{{"Enter", "choose"}}
	case m.opens(n):
		return []binding{{"Enter", "open"}}
	case n.Symbol.Type != kconfig.Bool:
		return []binding{{"Enter", "edit"}}
	case m.fixed(n.Symbol) != "":
		return nil
	case m.config.Bool(n.Symbol):
		return []binding{{"Space", "turn off"}}
	}
	return []binding{{"Space", "turn on"}}
}
