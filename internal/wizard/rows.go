package wizard

import (
	"slices"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// row is one entry of the list.
type row struct {
	node  *kconfig.Node
	depth int
	// hidden says that the entry is seen only because all are shown.
	hidden bool
}

// list makes the rows of the open menu anew. The cursor stays on its entry if
// that is still there.
func (m *model) list() {
	before, ok := m.current()
	node := m.page().node
	m.rows = m.rows[:0]
	for _, child := range node.Children {
		m.add(child, 0, node.Kind == kconfig.KindChoice)
	}
	m.measure()
	p := m.page()
	p.cursor = max(0, min(p.cursor, len(m.rows)-1))
	if ok {
		m.selectNode(before.node)
	}
}

// add appends an entry and those that stand below it. Everything of a choice is
// listed when it is open: a list of the changed ones could not be chosen from.
func (m *model) add(n *kconfig.Node, depth int, member bool) {
	if !n.HasPrompt() {
		return
	}
	hidden := !m.shown(n)
	if hidden && !m.showAll || m.changedOnly && !member && m.facts.inside[n] == 0 {
		return
	}
	m.rows = append(m.rows, row{n, depth, hidden})
	if member {
		return
	}
	switch n.Kind {
	case kconfig.KindConfig:
		m.addAll(n.Children, depth+1)
	case kconfig.KindMenu, kconfig.KindMenuconfig:
		// All that changed is seen at once, however deep it is.
		if m.changedOnly {
			m.addAll(n.Children, depth+1)
		}
	case kconfig.KindChoice:
		if selected := m.memberNode(n); selected != nil {
			m.addAll(selected.Children, depth+1)
		}
	}
}

func (m *model) addAll(nodes []*kconfig.Node, depth int) {
	for _, n := range nodes {
		m.add(n, depth, false)
	}
}

// shown says whether an entry is to be seen without being asked for: not if it
// is a menu in which nothing is.
func (m *model) shown(n *kconfig.Node) bool {
	if n.Symbol != nil && n.Symbol.Choice != nil {
		return m.config.Visible(n.Symbol)
	}
	return m.config.NodeVisible(n) && (n.Kind != kconfig.KindMenu || slices.ContainsFunc(n.Children, m.config.NodeVisible))
}

// opens says whether an entry has a page of its own.
func (m *model) opens(n *kconfig.Node) bool {
	switch n.Kind {
	case kconfig.KindMenu, kconfig.KindChoice:
		return true
	case kconfig.KindMenuconfig:
		return m.config.Bool(n.Symbol) && len(n.Children) > 0
	}
	return false
}

// measure finds how wide the column of the prompts has to be.
func (m *model) measure() {
	widest := 24
	for _, r := range m.rows {
		if r.node.Kind == kconfig.KindComment {
			continue // it may take the whole line
		}
		widest = max(widest, m.indent(r)+width(m.look.text(r.node.Prompt)))
	}
	m.column = min(widest, max(12, (m.width-margin-gap)*6/10))
}

func (m *model) indent(r row) int {
	if r.node.Symbol != nil && r.node.Symbol.Choice != nil {
		return 4 // the button
	}
	return 2 * r.depth
}
