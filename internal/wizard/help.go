package wizard

import (
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// help is the screen with everything there is to know about an entry.
func (m *model) help(n *kconfig.Node) *text {
	title := n.Prompt
	if title == "" {
		title = nameOf(n)
	}
	return &text{title: "Help on " + title, write: func(columns int) []string {
		s := &sheet{look: m.look, columns: min(columns-4, 100)}
		s.heading(title)
		m.writeHelpText(s, n)
		s.gap()
		m.writeFacts(s, n)
		m.writeVisibility(s, n)
		m.writeRelations(s, n)
		return s.lines
	}}
}

func (m *model) writeHelpText(s *sheet, n *kconfig.Node) {
	help := strings.TrimSpace(m.helpOf(n))
	if help == "" && (n.Symbol != nil || n.Choice != nil) {
		help = "Nobody has written a help text for this."
	}
	for paragraph := range strings.SplitSeq(help, "\n\n") {
		if s.gap(); paragraph != "" {
			s.paragraph(flow(paragraph), m.look.plain)
		}
	}
}

// writeFacts says what it is, what it is worth, and where that comes from.
func (m *model) writeFacts(s *sheet, n *kconfig.Node) {
	if name := nameOf(n); name != "" {
		s.fact("Name", name, "")
	}
	switch {
	case n.Choice != nil:
		m.writeChoice(s, n.Choice)
	case n.Symbol != nil:
		m.writeSymbol(s, n.Symbol)
	default:
		s.fact("Kind", n.Kind.String(), "")
	}
	s.fact("Menu", strings.Join(append([]string{m.options.Title}, pathTo(n)...), m.look.crumb), "")
	for i, place := range placesOf(n) {
		s.fact(map[bool]string{true: "Defined"}[i == 0], "at "+place.Span.String(), included(place))
	}
}

func placesOf(n *kconfig.Node) []*kconfig.Node {
	switch {
	case n.Symbol != nil:
		return n.Symbol.Nodes
	case n.Choice != nil:
		return n.Choice.Nodes
	}
	return []*kconfig.Node{n}
}

func included(n *kconfig.Node) string {
	places := make([]string, len(n.Included))
	for i, span := range n.Included {
		places[i] = span.String()
	}
	if len(places) == 0 {
		return ""
	}
	return "included by " + strings.Join(places, ", ")
}

func (m *model) writeSymbol(s *sheet, symbol *kconfig.Symbol) {
	s.fact("Type", symbol.Type.String(), "")
	s.fact("Value", m.readable(m.config.Value(symbol), symbol.Type), m.why(symbol))
	if p := m.config.UserValueProblem(symbol); p != nil {
		value, _ := m.config.UserValue(symbol)
		s.fact("", "Your answer "+m.readable(value, symbol.Type)+" does not count: it "+p.Message+".", "")
	}
	if symbol.Choice == nil {
		m.writeDefaults(s, m.readable(m.config.Default(symbol), symbol.Type), symbol.Defaults)
	}
	active := m.activeRange(symbol)
	for i, r := range symbol.Ranges {
		note := r.Span.String()
		if r == active && len(symbol.Ranges) > 1 {
			note += ", holds now"
		}
		text := statement("from", r.Low.String()+" to "+r.High.String(), r.If)
		s.fact(map[bool]string{true: "Range"}[i == 0], text, note)
	}
}

// writeDefaults says what the default is, and the statements it comes from if
// it is not simply that of one.
func (m *model) writeDefaults(s *sheet, value string, defaults []*kconfig.Default) {
	if len(defaults) == 1 && defaults[0].If == nil {
		s.fact("Default", value, defaults[0].Span.String())
		return
	}
	s.fact("Default", value, "")
	for _, d := range defaults {
		s.fact("", statement("default", d.Value.String(), d.If), d.Span.String())
	}
}

func (m *model) activeRange(s *kconfig.Symbol) *kconfig.Range {
	_, _, from, _ := m.config.Range(s)
	return from
}

func statement(keyword, text string, condition *kconfig.Expr) string {
	text = keyword + " " + text
	if condition != nil {
		text += " if " + condition.String()
	}
	return text
}

func (m *model) writeChoice(s *sheet, ch *kconfig.Choice) {
	s.fact("Type", "choice", "")
	value := "none"
	if selected := m.config.Selected(ch); selected != nil {
		value = selected.Prompt()
		s.fact("Value", value, m.why(selected))
	} else {
		s.fact("Value", value, "")
	}
	if d := m.config.DefaultMember(ch); d != nil {
		m.writeDefaults(s, d.Prompt(), ch.Defaults)
	}
	for i, member := range ch.Members {
		note := summary(member.Help())
		if !m.config.Visible(member) {
			note = m.whyHidden(member.Nodes[0])
		}
		s.fact(map[bool]string{true: "Values"}[i == 0], member.Prompt(), note)
	}
}

// why says in a few words where a value comes from.
func (m *model) why(s *kconfig.Symbol) string {
	o := m.config.Origin(s)
	text := map[kconfig.OriginKind]string{
		kconfig.User:        "you set it",
		kconfig.FromDefault: "the default at " + o.Span.String(),
		kconfig.Selected:    "needed by " + names(o.By),
		kconfig.Implied:     "suggested by " + names(o.By),
		kconfig.FromChoice:  "by the choice",
		kconfig.Implicit:    "nothing gives another",
	}[o.Kind]
	switch {
	case o.Kind == kconfig.FromChoice && len(o.By) > 0 && o.By[0] != nil:
		text = names(o.By) + " is chosen"
	case o.Kind == kconfig.FromChoice && o.Span.File != "":
		text = "the default at " + o.Span.String()
	case o.Kind == kconfig.FromChoice:
		text = "the first that can be chosen"
	}
	if o.Clamped {
		text += ", brought into the range"
	}
	return text
}
