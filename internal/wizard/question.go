package wizard

// question is a box that asks for one of a few answers.
type question struct {
	title   string
	lines   []string
	answers []answer
	at      int
	// leaving marks the question whether to save before one leaves.
	leaving bool
}

type answer struct {
	key, label string
	do         func()
}

func (q *question) tall() bool { return false }

func (q *question) press(m *model, k key) {
	for _, a := range q.answers {
		if a.key == k.name || q.leaving && leavingAlso(k.name) == a.key {
			a.do()
			return
		}
	}
	switch k.name {
	case "left", "up", "shift+tab", "h", "k":
		q.at = max(0, q.at-1)
	case "right", "down", "tab", "l", "j":
		q.at = min(len(q.answers)-1, q.at+1)
	case "enter", "space":
		q.answers[q.at].do()
	case "esc", "q", "backspace":
		m.pop()
	}
}

// leavingAlso are the answers that other programs want to "Save?".
func leavingAlso(name string) string {
	return map[string]string{"y": "s", "Y": "s", "S": "s", "n": "d", "N": "d", "D": "d"}[name]
}

func (q *question) draw(m *model, columns, height int) picture {
	lines := append([]string{m.look.bold.Render(m.look.text(q.title))}, dimmed(m, q.lines)...)
	lines = append(lines, "")
	for i, a := range q.answers {
		sign, style := "  ", m.look.plain
		if i == q.at {
			sign, style = m.look.cursor.Render(m.look.at)+" ", m.look.cursor
		}
		lines = append(lines, sign+m.look.bold.Render(m.look.pad(label(a.key), 5))+style.Render(a.label))
	}
	return m.box(q, lines, columns, height)
}

func label(key string) string {
	if key == "esc" {
		return "Esc"
	}
	return key
}

func dimmed(m *model, lines []string) []string {
	var styled []string
	for _, line := range lines {
		styled = append(styled, m.look.dim.Render(m.look.text(line)))
	}
	return styled
}

func (q *question) info(m *model, columns, height int) []string {
	return m.below(q).info(m, columns, height)
}

func (q *question) keys(m *model) []binding {
	list := []binding{{m.look.moves, "move"}, {"Enter", "answer"}, {"Esc", "stay"}}
	if q.leaving {
		list = append(list, binding{"Ctrl-C", "leave without saving"})
	}
	return list
}
