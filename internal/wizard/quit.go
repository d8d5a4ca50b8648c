package wizard

import "turnup.dev/kubectl-turnup/internal/kconfig"

// quit leaves, after a question if there is something to lose.
func (m *model) quit() {
	if !m.facts.modified {
		m.leave(m.calm())
		return
	}
	m.push(m.askUnsaved())
}

// interrupt is Ctrl-C: the same, but whoever presses it at the question wants
// out, without an answer.
func (m *model) interrupt() {
	if m.leaving() {
		m.leave(Interrupted)
		return
	}
	if m.edit != nil && m.edit.problem == "" {
		m.accept() // what was typed is not lost either
	}
	m.edit = nil
	m.quit()
}

// leaving says whether the question to save is open.
func (m *model) leaving() bool {
	q, ok := m.top().(*question)
	return ok && q.leaving
}

func (m *model) askUnsaved() *question {
	q := &question{
		title:   "Save your changes?",
		leaving: true,
		answers: []answer{
			{"s", "save and quit", m.saveAndLeave},
			{"d", "discard them", func() { m.leave(Discarded) }},
			{"esc", "stay", m.pop},
		},
	}
	if m.options.Path != "" {
		q.title = "Save your changes to " + m.options.Path + "?"
	}
	if n := len(m.facts.problems); n > 0 {
		q.lines = []string{count(n, "problem is", "problems are") + " left."}
	}
	return q
}

func (m *model) saveAndLeave() {
	m.pop()
	if m.save(true) {
		m.leave(Saved)
	}
}

func (m *model) calm() Outcome {
	if m.result.Saves > 0 {
		return Saved
	}
	return Unchanged
}

func (m *model) leave(o Outcome) {
	m.result.Outcome = o
	m.left = true
}

// pathTo is the menu path of an entry, itself left out.
func pathTo(n *kconfig.Node) []string {
	var path []string
	for p := n.Parent; p != nil && p.Parent != nil; p = p.Parent {
		if p.Kind != kconfig.KindConfig {
			path = append([]string{p.Prompt}, path...)
		}
	}
	return path
}
