package wizard

import "turnup.dev/kubectl-turnup/internal/kconfig"

// menus is the screen below all others: the list of entries.
type menus struct{}

func (menus) tall() bool { return false }

func (menus) press(m *model, k key) {
	if m.edit != nil {
		m.typing(k)
		return
	}
	if m.travel(k) || m.command(k) {
		return
	}
	if r, ok := m.current(); ok {
		m.act(r.node, k)
	}
}

// travel answers the keys that move.
func (m *model) travel(k key) bool {
	half := max(1, m.layout(menus{}).body-2)
	switch k.name {
	case "up", "k", "ctrl+p":
		m.move(-1)
	case "down", "j", "ctrl+n":
		m.move(1)
	case "pgup", "ctrl+b", "ctrl+u":
		m.move(-half)
	case "pgdown", "ctrl+f", "ctrl+d":
		m.move(half)
	case "home", "g":
		m.move(-len(m.rows))
	case "end", "G":
		m.move(len(m.rows))
	case "esc", "backspace", "left", "h":
		if !m.up() && k.name == "esc" {
			m.say(told, "This is the main menu; q quits.")
		}
	default:
		return false
	}
	return true
}

// command answers the keys that are not about the selected entry.
func (m *model) command(k key) bool {
	switch k.name {
	case "/":
		m.push(newSearch(m))
	case "a", "A", "z", "Z":
		m.showAll = !m.showAll
		m.list()
		m.say(told, map[bool]string{true: "Hidden entries are shown, dimmed.", false: "Hidden entries are hidden."}[m.showAll])
	case "c":
		m.changedOnly = !m.changedOnly
		m.list()
		m.say(told, map[bool]string{true: "Only what differs from the defaults is shown.", false: "Everything is shown."}[m.changedOnly])
	case "R":
		m.reset(m.page().node)
	case "s", "ctrl+s":
		m.save(false)
	case "S", "D":
		m.askMinimal()
	case "o", "O":
		m.askLoad()
	case "q", "Q":
		m.quit()
	case "!":
		m.nextProblem()
	case "H":
		m.push(m.keysHelp())
	default:
		return false
	}
	return true
}

// act answers the keys that are about the selected entry.
func (m *model) act(n *kconfig.Node, k key) {
	switch k.name {
	case "?", "f1":
		m.push(m.help(n))
	case "r":
		m.reset(n)
	case "enter":
		m.enter(n)
	case "right", "l":
		if m.opens(n) {
			m.open(n)
		}
	case "space":
		if n.Kind == kconfig.KindMenuconfig {
			m.toggle(n.Symbol, "")
			return
		}
		m.enter(n)
	case "y", "Y", "n", "N":
		m.answer(n, map[bool]string{true: "y", false: "n"}[k.name == "y" || k.name == "Y"])
	}
}

// enter does what an entry is for.
func (m *model) enter(n *kconfig.Node) {
	switch {
	case m.opens(n):
		m.open(n)
	case n.Symbol == nil:
		// A comment is only read.
	case n.Symbol.Choice != nil:
		m.choose(n.Symbol)
	case n.Symbol.Type == kconfig.Bool:
		m.toggle(n.Symbol, "")
		if n.Kind == kconfig.KindMenuconfig && m.opens(n) {
			m.open(n)
		}
	default:
		m.startEdit(n)
	}
}

func (m *model) answer(n *kconfig.Node, value string) {
	switch {
	case n.Symbol == nil || n.Symbol.Type != kconfig.Bool:
	case n.Symbol.Choice == nil:
		m.toggle(n.Symbol, value)
	case value == "y":
		m.choose(n.Symbol)
	}
}

// nextProblem jumps to the next entry, after the selected one, that something
// is wrong with.
func (m *model) nextProblem() {
	var places []*kconfig.Node
	for _, p := range m.facts.problems {
		if n := m.place(p); n != nil {
			places = append(places, n)
		}
	}
	if len(places) == 0 {
		m.say(told, "Nothing is wrong.")
		return
	}
	next := places[0]
	if r, ok := m.current(); ok {
		for i, n := range places[:len(places)-1] {
			if n == r.node {
				next = places[i+1]
			}
		}
	}
	m.jump(next)
}

// place is where a problem can be solved: the first of its names that can be
// seen.
func (m *model) place(p Problem) *kconfig.Node {
	for _, name := range p.Symbols {
		if n := m.find(name); n != nil {
			return n
		}
	}
	return nil
}

func (m *model) find(name string) *kconfig.Node {
	tree := m.config.Tree()
	if ch := tree.Choice(name); ch != nil {
		return m.bestNode(ch.Nodes)
	}
	if s := tree.Symbol(name); s != nil {
		return m.bestNode(s.Nodes)
	}
	return nil
}

// bestNode is the place to go to: the first that is shown, or could be.
func (m *model) bestNode(nodes []*kconfig.Node) *kconfig.Node {
	var best *kconfig.Node
	for _, n := range nodes {
		if m.shown(n) {
			return n
		}
		if best == nil && n.HasPrompt() {
			best = n
		}
	}
	return best
}
