package wizard

import (
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// change sets a value and everything that follows from it.
func (m *model) change(s *kconfig.Symbol, value string) {
	if err := m.config.Set(s.Name, value); err != nil {
		m.say(failed, err.Error())
		return
	}
	m.refresh()
}

// toggle turns a bool to a value, or to the other one if that is empty.
func (m *model) toggle(s *kconfig.Symbol, value string) {
	if reason := m.fixed(s); reason != "" {
		m.say(failed, reason)
		return
	}
	now := m.config.Value(s)
	switch {
	case value == "" && now == "y":
		value = "n"
	case value == "":
		value = "y"
	}
	if value != now {
		m.change(s, value)
	}
}

// fixed says why a value cannot be changed, or nothing if it can.
func (m *model) fixed(s *kconfig.Symbol) string {
	if !m.config.Visible(s) {
		return m.whyHidden(s.Nodes[0])
	}
	if o := m.config.Origin(s); o.Kind == kconfig.Selected {
		return "It stays on: " + names(o.By) + " " + plural(len(o.By), "needs", "need") + " it."
	}
	return ""
}

// whyHidden says what would have to hold for an entry to be seen.
func (m *model) whyHidden(n *kconfig.Node) string {
	var unmet []kconfig.Condition
	if n.Symbol != nil {
		unmet = m.config.Unmet(n.Symbol)
	} else {
		unmet = m.config.UnmetNode(n)
	}
	if len(unmet) == 0 {
		if n.Symbol != nil && n.Symbol.Prompt() == "" {
			return "It is computed from other values and cannot be set."
		}
		return "Hidden: nothing in it can be set now."
	}
	texts := make([]string, len(unmet))
	for i, condition := range unmet {
		texts[i] = m.needed(condition)
	}
	return "Hidden: needs " + strings.Join(texts, " and ") + "."
}

// needed is a failing condition in words, where there are simple ones: what a
// choice or a switch would have to be, and is.
func (m *model) needed(c kconfig.Condition) string {
	e, want := c.Expr, "on"
	if e.Op == kconfig.OpNot {
		e, want = e.Left, "off"
	}
	if e.Op != kconfig.OpSymbol || !e.Symbol.Defined() || e.Symbol.Type != kconfig.Bool {
		return c.Text
	}
	s := e.Symbol
	if s.Choice == nil || s.Choice.Name == "" {
		return s.Name + " " + want
	}
	text := s.Choice.Name + " = " + shortName(s)
	if want == "off" {
		return s.Choice.Name + " other than " + shortName(s)
	}
	if now := m.config.Selected(s.Choice); now != nil {
		text += " (now " + shortName(now) + ")"
	}
	return text
}

// choose makes a member the selected one and closes the choice.
func (m *model) choose(member *kconfig.Symbol) {
	if !m.config.Visible(member) {
		m.say(failed, m.whyHidden(member.Nodes[0]))
		return
	}
	if m.config.Selected(member.Choice) != member {
		m.config.Choose(member)
		m.refresh()
	}
	m.up()
}

// reset takes what was set for an entry away, and with it, after a question,
// for all entries inside of it.
func (m *model) reset(n *kconfig.Node) {
	inside := m.facts.inside[n]
	if m.facts.own[n] {
		inside--
	}
	if n.Kind == kconfig.KindComment {
		return
	}
	if n.Symbol != nil && (n.Kind == kconfig.KindConfig || inside == 0) {
		m.resetOne(n)
		return
	}
	if n.Choice != nil {
		m.resetOne(n)
		return
	}
	if m.facts.inside[n] == 0 {
		m.say(told, "Everything in \""+n.Prompt+"\" is at its default.")
		return
	}
	m.push(&question{
		title: "Set everything in \"" + n.Prompt + "\" to its default?",
		lines: []string{count(m.facts.inside[n], "entry differs", "entries differ") + " from the default."},
		answers: []answer{
			{"y", "set to defaults", func() { m.pop(); m.resetAll(n) }},
			{"n", "leave as it is", m.pop},
		},
	})
}

func (m *model) resetOne(n *kconfig.Node) {
	differs := m.facts.own[n]
	if n.Symbol != nil && n.Symbol.Choice != nil {
		differs = m.facts.own[n.Parent]
	}
	m.forget(n)
	m.refresh()
	switch {
	case !differs:
		m.say(told, "It is at its default.")
	default:
		m.say(done, "Set to its default.")
	}
}

func (m *model) resetAll(n *kconfig.Node) {
	before := m.facts.inside[n]
	m.forget(n)
	m.forgetAll(n.Children)
	m.refresh()
	m.say(done, count(before, "entry", "entries")+" set to the default.")
}

func (m *model) forgetAll(nodes []*kconfig.Node) {
	for _, n := range nodes {
		m.forget(n)
		m.forgetAll(n.Children)
	}
}

func (m *model) forget(n *kconfig.Node) {
	switch {
	case n.Choice != nil:
		m.config.UnsetChoice(n.Choice)
	case n.Symbol != nil && n.Symbol.Choice != nil:
		m.config.UnsetChoice(n.Symbol.Choice)
	case n.Symbol != nil:
		m.config.Unset(n.Symbol)
	}
}
