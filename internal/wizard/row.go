package wizard

import (
	"strings"

	"charm.land/lipgloss/v2"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// margin is what stands left of a prompt: the cursor and the mark; gap is the
// space between a prompt and its value.
const (
	margin = 5
	gap    = 3
)

func (menus) draw(m *model, columns, height int) picture {
	if len(m.rows) == 0 {
		return picture{lines: []string{"", strings.Repeat(" ", margin) + m.look.dim.Render(m.nothing())}}
	}
	p := m.page()
	var drawn picture
	for i := p.top; i < len(m.rows) && len(drawn.lines) < height; i++ {
		selected := i == p.cursor
		if !selected || m.edit == nil {
			drawn.lines = append(drawn.lines, m.drawRow(m.rows[i], selected, columns))
			continue
		}
		line, x := m.drawField(m.rows[i], columns)
		left := margin + m.column + gap
		below := m.verdict()
		// What is to be said starts below the field, or further left if it is long.
		left = max(margin, min(left, columns-width(below)-1))
		drawn.x, drawn.y, drawn.typed = x, len(drawn.lines), true
		drawn.lines = append(drawn.lines, line, strings.Repeat(" ", left)+below)
	}
	return drawn
}

func (m *model) nothing() string {
	if m.changedOnly {
		return "Everything here is at its default. c shows all again."
	}
	return "There is nothing to set here now. a shows what is hidden."
}

// drawRow draws an entry: cursor, mark, prompt and value.
func (m *model) drawRow(r row, selected bool, columns int) string {
	l := m.look
	if r.node.Kind == kconfig.KindComment {
		return m.drawComment(r, selected, columns)
	}
	value := m.value(r, columns-margin-m.column-gap-1)
	return m.drawPrompt(r, selected) + strings.Repeat(" ", gap) + l.fit(value, columns-margin-m.column-gap-1)
}

func (m *model) drawPrompt(r row, selected bool) string {
	l := m.look
	at, style := " ", l.plain
	if r.hidden {
		style = l.dim
	}
	if selected {
		at, style = l.cursor.Render(l.at), l.cursor
	}
	button := ""
	if s := r.node.Symbol; s != nil && s.Choice != nil {
		button = l.open + " "
		if m.config.Bool(s) {
			button = l.chosen + " "
		}
		button = style.Render(button)
	} else {
		button = strings.Repeat(" ", m.indent(r))
	}
	room := max(4, m.column-width(button))
	return " " + at + " " + m.sign(r) + " " + l.pad(button+style.Render(l.fit(l.text(r.node.Prompt), room)), m.column)
}

// sign is the mark in front of an entry: something is wrong with it, or it
// differs from its default.
func (m *model) sign(r row) string {
	name := nameOf(r.node)
	switch {
	case name != "" && m.facts.wrong[name]:
		return m.look.bad.Render(m.look.warn)
	case m.facts.own[r.node]:
		return m.look.changed.Render(m.look.mark)
	}
	return " "
}

func (m *model) drawComment(r row, selected bool, columns int) string {
	l := m.look
	at := " "
	if selected {
		at = l.cursor.Render(l.at)
	}
	rule := strings.Repeat(l.rule, 2)
	text := l.fit(l.text(r.node.Prompt), columns-margin-m.indent(r)-7)
	return " " + at + strings.Repeat(" ", 3+m.indent(r)) + l.dim.Render(rule+" "+text+" "+rule)
}

// value is the right column of an entry.
func (m *model) value(r row, columns int) string {
	l, n := m.look, r.node
	style := l.dim
	if m.facts.own[n] {
		style = l.changed
	}
	switch {
	case r.hidden:
		return m.hiddenValue(n, columns)
	case n.Kind == kconfig.KindMenu:
		return l.dim.Render(l.into) + m.inside(n, 0)
	case n.Choice != nil:
		return style.Render(l.fit(m.chosen(n.Choice), columns-2)) + l.dim.Render(" "+l.pick)
	case n.Symbol.Choice != nil:
		return m.memberNote(n.Symbol)
	case n.Symbol.Type == kconfig.Bool:
		return m.switchValue(n, style)
	}
	text := l.text(m.config.Value(n.Symbol))
	if text == "" {
		return style.Render("(empty)")
	}
	return style.Render(l.fit(text, columns))
}

// hiddenValue says why an entry is hidden, in the place of its value.
func (m *model) hiddenValue(n *kconfig.Node, columns int) string {
	return m.look.dim.Render(m.look.fit(m.look.text(strings.TrimPrefix(m.whyHidden(n), "Hidden: ")), columns))
}

// inside says how much in a menu differs from the defaults.
func (m *model) inside(n *kconfig.Node, own int) string {
	if changed := m.facts.inside[n] - own; changed > 0 {
		return " " + m.look.changed.Render(count(changed, "changed", "changed"))
	}
	return ""
}

func (m *model) chosen(ch *kconfig.Choice) string {
	if s := m.config.Selected(ch); s != nil {
		return m.look.text(s.Prompt())
	}
	return "(none)"
}

func (m *model) memberNote(s *kconfig.Symbol) string {
	note := ""
	if s.Choice.Name != "" {
		note = m.look.text(shortName(s))
	}
	if m.config.DefaultMember(s.Choice) == s {
		note += m.look.dot + "default"
	}
	return m.look.dim.Render(strings.TrimPrefix(note, m.look.dot))
}

// switchValue is the value of a bool.
func (m *model) switchValue(n *kconfig.Node, style lipgloss.Style) string {
	l, s := m.look, n.Symbol
	box, note := l.off, ""
	switch o := m.config.Origin(s); {
	case o.Kind == kconfig.Selected:
		box, note = l.locked, "  needed by "+l.text(names(o.By))
		style = l.dim
	case m.config.Bool(s):
		box = l.on
	}
	if n.Kind == kconfig.KindMenuconfig && m.opens(n) {
		own := 0
		if m.facts.own[n] {
			own = 1
		}
		note = " " + l.into + m.inside(n, own) + note
	}
	return style.Render(box) + l.dim.Render(note)
}

// drawField draws the entry whose value is being typed.
func (m *model) drawField(r row, columns int) (line string, x int) {
	l := m.look
	room := columns - margin - m.column - gap - 1
	text, at := m.edit.field.draw(l, room)
	style := l.bold.Underline(true)
	return m.drawPrompt(r, true) + strings.Repeat(" ", gap) + style.Render(l.pad(text, min(room, max(12, width(text)+1)))), margin + m.column + gap + at
}
