package wizard

import (
	"cmp"
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

func (menus) info(m *model, columns, height int) []string {
	r, ok := m.current()
	if !ok {
		return nil
	}
	return m.about(r.node, columns, height, false)
}

// about are a few lines on an entry: its name, type and default, why it is
// hidden if it is, and the start of its help text.
func (m *model) about(n *kconfig.Node, columns, height int, path bool) []string {
	l := m.look
	first := l.accent.Render(l.text(nameOf(n)))
	if facts := m.inBrief(n); facts != "" {
		first += l.dim.Render(strings.TrimPrefix(l.dot+facts, map[bool]string{true: l.dot}[nameOf(n) == ""]))
	}
	lines := []string{l.fit(first, columns)}
	if path {
		where := strings.Join(append([]string{m.options.Title}, pathTo(n)...), l.crumb)
		lines = append(lines, l.dim.Render(l.fit("in "+l.text(where), columns)))
	}
	if !m.seen(n) {
		for _, line := range l.wrap(m.whyHidden(n), columns) {
			lines = append(lines, l.bad.Render(line))
		}
	}
	if width(l.text(n.Prompt)) > m.column-m.indent(row{node: n}) && !path {
		lines = append(lines, l.fit(l.text(n.Prompt), columns))
	}
	help := l.wrap(summary(cmp.Or(m.helpOf(n), m.contents(n))), columns)
	if room := height - len(lines); len(help) > room && room > 0 {
		help = help[:room]
		help[room-1] = l.fit(help[room-1]+" "+l.cut, columns)
	}
	return append(lines, help...)
}

// helpOf is the help of an entry's own place, or of another place of it.
func (m *model) helpOf(n *kconfig.Node) string {
	switch {
	case n.Help != "":
		return n.Help
	case n.Symbol != nil:
		return n.Symbol.Help()
	case n.Choice != nil:
		return n.Choice.Help()
	}
	return ""
}

// inBrief is what an entry's value may be and is by itself.
func (m *model) inBrief(n *kconfig.Node) string {
	var parts []string
	switch {
	case n.Choice != nil:
		parts = append(parts, m.values(n.Choice))
		if d := m.config.DefaultMember(n.Choice); d != nil {
			parts = append(parts, "default "+m.look.text(d.Prompt()))
		}
	case n.Symbol == nil:
		parts = append(parts, n.Span.File)
	case n.Symbol.Choice != nil:
		parts = append(parts, "a value of "+m.look.text(cmp.Or(n.Symbol.Choice.Name, n.Symbol.Choice.Prompt())))
	default:
		parts = append(parts, m.kind(n.Symbol), "default "+m.readable(m.config.Default(n.Symbol), n.Symbol.Type))
		if o := m.config.Origin(n.Symbol); o.Kind == kconfig.Selected {
			parts = append(parts, "needed by "+names(o.By))
		}
	}
	return strings.Join(parts, m.look.dot)
}

func (m *model) values(ch *kconfig.Choice) string {
	if n := len(m.config.VisibleMembers(ch)); n != 1 {
		return "one of " + count(n, "value", "values")
	}
	return "one value"
}

// contents are the prompts in a menu, which has no help text of its own.
func (m *model) contents(n *kconfig.Node) string {
	if n.Kind != kconfig.KindMenu {
		return ""
	}
	var prompts []string
	for _, child := range m.config.VisibleChildren(n) {
		if child.Kind != kconfig.KindComment {
			prompts = append(prompts, child.Prompt)
		}
		if len(prompts) == 20 {
			break
		}
	}
	return strings.Join(prompts, m.look.dot)
}

// kind is a symbol's type, and its range.
func (m *model) kind(s *kconfig.Symbol) string {
	if low, high, _, ok := m.config.Range(s); ok {
		return s.Type.String() + " from " + low + " to " + high
	}
	return s.Type.String()
}

// readable is a value as a person reads it.
func (m *model) readable(value string, t kconfig.Type) string {
	switch {
	case t == kconfig.Bool && value == "y":
		return "on"
	case t == kconfig.Bool:
		return "off"
	case value == "":
		return "empty"
	}
	return m.look.text(value)
}
