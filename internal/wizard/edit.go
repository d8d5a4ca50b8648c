package wizard

import (
	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// edit is a value that is being typed in its row.
type edit struct {
	node  *kconfig.Node
	field field
	// problem is what is wrong with what the field holds now, or empty.
	problem string
}

func (m *model) startEdit(n *kconfig.Node) {
	if reason := m.fixed(n.Symbol); reason != "" {
		m.say(failed, reason)
		return
	}
	m.edit = &edit{node: n, field: newField(m.config.Value(n.Symbol))}
	m.validate()
}

func (m *model) validate() {
	s, value := m.edit.node.Symbol, m.edit.field.value()
	m.edit.problem = ""
	if p := m.config.CheckValue(s, value); p != nil {
		m.edit.problem = p.Message
		if value == "" {
			m.edit.problem = "needs " + m.wanted(s)
		}
		return
	}
	if m.options.Validate == nil {
		return
	}
	if err := m.options.Validate(s, value); err != nil {
		m.edit.problem = err.Error()
	}
}

// typing answers a key while a value is typed. Only a valid value is accepted,
// and only Esc goes without one: it leaves the value as it was.
func (m *model) typing(k key) {
	switch k.name {
	case "esc":
		m.edit = nil
	case "enter":
		m.accept()
	case "up", "down", "tab", "shift+tab":
		if m.accept() {
			m.move(map[bool]int{true: -1, false: 1}[k.name == "up" || k.name == "shift+tab"])
		}
	case "f1":
		m.push(m.help(m.edit.node))
	default:
		if m.edit.field.press(k) {
			m.validate()
		}
	}
}

func (m *model) accept() bool {
	if m.edit.problem != "" {
		m.say(failed, "This value cannot be used. Esc leaves the entry as it was.")
		return false
	}
	s, value := m.edit.node.Symbol, m.edit.field.value()
	m.edit = nil
	if value != m.config.Value(s) {
		m.change(s, value)
	}
	return true
}

// wanted says what a value may be.
func (m *model) wanted(s *kconfig.Symbol) string {
	kind := map[kconfig.Type]string{
		kconfig.Int:    "a whole number",
		kconfig.Hex:    "a hexadecimal number such as 0x1f",
		kconfig.String: "any text",
		kconfig.Bool:   "y or n",
	}[s.Type]
	if low, high, _, ok := m.config.Range(s); ok {
		kind += " from " + low + " to " + high
	}
	return kind
}

// verdict is the line below the field.
func (m *model) verdict() string {
	e := m.edit
	if e.problem == "" {
		return m.look.dim.Render(m.wanted(e.node.Symbol))
	}
	return m.look.bad.Render(m.look.failed + " " + m.look.text(e.problem))
}
