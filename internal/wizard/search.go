package wizard

import (
	"strconv"
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// search finds entries while one types.
type search struct {
	field  field
	found  []*kconfig.Node
	cursor int
	top    int
}

func newSearch(m *model) *search {
	if m.index == nil {
		m.index = newIndex(m.config.Tree())
	}
	return &search{}
}

func (s *search) tall() bool { return false }

func (s *search) press(m *model, k key) {
	page := m.layout(s).body - 3
	switch k.name {
	case "esc":
		m.pop()
	case "up", "ctrl+p":
		s.cursor--
	case "down", "ctrl+n":
		s.cursor++
	case "pgup":
		s.cursor -= page
	case "pgdown":
		s.cursor += page
	case "enter":
		s.jump(m)
	case "f1", "tab":
		if n := s.current(); n != nil {
			m.push(m.help(n))
		}
	case "backspace":
		if s.field.value() == "" {
			m.pop()
			return
		}
		fallthrough
	default:
		if s.field.press(k) {
			s.found, s.cursor, s.top = m.index.find(s.field.value(), m.seen), 0, 0
		}
	}
	s.clamp(m.layout(s).body - 2)
}

// seen says whether an entry and all menus around it are shown, so that one
// gets there by the menus.
func (m *model) seen(n *kconfig.Node) bool {
	if n.Symbol != nil && n.Symbol.Choice == nil {
		return m.config.Visible(n.Symbol)
	}
	return m.shown(n)
}

func (s *search) current() *kconfig.Node {
	if s.cursor < len(s.found) {
		return s.found[s.cursor]
	}
	return nil
}

func (s *search) clamp(height int) {
	s.cursor = max(0, min(s.cursor, len(s.found)-1))
	s.top = max(0, min(max(min(s.top, s.cursor), s.cursor-height+1), len(s.found)-1))
}

// jump opens the menu of what was found. What has no prompt is in no menu: its
// help says what there is to know.
func (s *search) jump(m *model) {
	n := s.current()
	if n == nil {
		return
	}
	place := n
	if n.Symbol != nil {
		place = m.bestNode(n.Symbol.Nodes)
	}
	if place == nil || !place.HasPrompt() {
		m.push(m.help(n))
		return
	}
	m.pop()
	m.jump(place)
	if !m.seen(place) {
		m.say(told, m.whyHidden(place)+" Hidden entries are shown now; a hides them.")
	}
}

func (s *search) draw(m *model, columns, height int) picture {
	l := m.look
	sign := "  " + l.cursor.Render("/") + " "
	total := ""
	if s.field.value() != "" {
		total = count(len(s.found), "match", "matches")
	}
	room := columns - 4 - width(total) - 3
	text, x := s.field.draw(l, room)
	lines := []string{sign + l.pad(l.bold.Render(text), room) + l.dim.Render(total), ""}
	switch {
	case s.field.value() == "":
		lines = append(lines, "    "+l.dim.Render("Type a part of a name, a prompt or a help text."))
	case len(s.found) == 0:
		lines = append(lines, "    "+l.dim.Render("Nothing is called that, nor says so in its help."))
	}
	s.clamp(height - 2)
	for i := s.top; i < min(len(s.found), s.top+height-2); i++ {
		lines = append(lines, s.line(m, i, columns))
	}
	return picture{lines: lines, x: 4 + x, y: 0, typed: true}
}

// line is what was found: its prompt and its name, or where it is.
func (s *search) line(m *model, i, columns int) string {
	l, n := m.look, s.found[i]
	sign, style := "   ", l.plain
	if !m.seen(n) {
		style = l.dim
	}
	if i == s.cursor {
		sign, style = " "+l.cursor.Render(l.at)+" ", l.cursor
	}
	prompt, name := n.Prompt, nameOf(n)
	if n.Symbol != nil {
		prompt = n.Symbol.Prompt()
	}
	if prompt == "" {
		prompt = "(computed)"
	}
	if name == "" {
		name = strings.Join(append(pathTo(n), n.Prompt), l.crumb) + l.crumb
		if n.Kind == kconfig.KindComment {
			name = strings.Join(pathTo(n), l.crumb)
		}
	}
	first := min(36, columns*45/100)
	return sign + "  " + style.Render(l.pad(l.text(prompt), first)) + "  " + l.dim.Render(l.fit(l.text(name), columns-first-7))
}

func (s *search) info(m *model, columns, height int) []string {
	n := s.current()
	if n == nil {
		return nil
	}
	return m.about(n, columns, height, true)
}

func (s *search) keys(m *model) []binding {
	return []binding{{m.look.moves, "move"}, {"Enter", "go there"}, {"Tab", "help"}, {"Esc", "back"}, {"Ctrl-U", "clear"}}
}

// position says where one is in a list that does not fit.
func position(cursor, all, height int) string {
	if all <= height {
		return ""
	}
	return strconv.Itoa(cursor+1) + " of " + strconv.Itoa(all)
}
