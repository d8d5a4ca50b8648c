package wizard

import "turnup.dev/kubectl-turnup/internal/kconfig"

// page is an open menu or choice and where one is in it.
type page struct {
	node *kconfig.Node
	// cursor is the selected row and top the first that is seen.
	cursor, top int
}

func (m *model) page() *page { return &m.pages[len(m.pages)-1] }

// current is the selected row; ok is false if there is none.
func (m *model) current() (r row, ok bool) {
	if p := m.page(); p.cursor < len(m.rows) {
		return m.rows[p.cursor], true
	}
	return row{}, false
}

// open shows a menu or choice below the one that is seen.
func (m *model) open(n *kconfig.Node) {
	m.pages = append(m.pages, page{node: n})
	m.list()
	if n.Choice != nil {
		m.selectNode(m.memberNode(n))
	}
}

// memberNode is the selected member of a choice.
func (m *model) memberNode(choice *kconfig.Node) *kconfig.Node {
	selected := m.config.Selected(choice.Choice)
	for _, n := range choice.Children {
		if n.Symbol != nil && n.Symbol == selected {
			return n
		}
	}
	return nil
}

// up goes back to the menu around, onto the entry one came from.
func (m *model) up() bool {
	if len(m.pages) == 1 {
		return false
	}
	from := m.page().node
	m.pages = m.pages[:len(m.pages)-1]
	m.list()
	m.selectNode(from)
	return true
}

// jump opens the menu that an entry is in, and selects the entry.
func (m *model) jump(n *kconfig.Node) {
	m.edit = nil
	if !m.shown(n) {
		m.showAll = true
	}
	if m.changedOnly && m.facts.inside[n] == 0 {
		m.changedOnly = false
	}
	m.pages = m.pages[:1]
	for _, around := range pagesOf(n) {
		m.pages = append(m.pages, page{node: around})
	}
	m.list()
	if m.selectNode(n); m.at() != n {
		// It is hidden by something around it.
		m.showAll, m.changedOnly = true, false
		m.list()
		m.selectNode(n)
	}
}

// at is the selected entry, or nil.
func (m *model) at() *kconfig.Node {
	r, _ := m.current()
	return r.node
}

// pagesOf are the menus and choices to open to see an entry, without the main
// menu. The entries below a choice's member stand below the choice, so that
// one needs not to be opened for them.
func pagesOf(n *kconfig.Node) []*kconfig.Node {
	var pages []*kconfig.Node
	for p, direct := n.Parent, true; p != nil && p.Parent != nil; p, direct = p.Parent, false {
		switch p.Kind {
		case kconfig.KindMenu, kconfig.KindMenuconfig:
			pages = append([]*kconfig.Node{p}, pages...)
		case kconfig.KindChoice:
			if direct {
				pages = append([]*kconfig.Node{p}, pages...)
			}
		}
	}
	return pages
}

func (m *model) selectNode(n *kconfig.Node) {
	for i, r := range m.rows {
		if r.node == n {
			m.page().cursor = i
			return
		}
	}
}

func (m *model) move(rows int) {
	p := m.page()
	p.cursor = max(0, min(p.cursor+rows, len(m.rows)-1))
}

// scroll keeps the selected row in sight, and some around it.
func (m *model) scroll() {
	p := m.page()
	height := m.layout(menus{}).body
	if m.edit != nil {
		height-- // for what is said below the field
	}
	margin := min(2, (height-1)/2)
	p.cursor = max(0, min(p.cursor, len(m.rows)-1))
	p.top = min(p.top, p.cursor-margin)
	p.top = max(p.top, p.cursor+margin-height+1)
	p.top = max(0, min(p.top, len(m.rows)-height))
}
