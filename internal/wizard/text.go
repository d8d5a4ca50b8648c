package wizard

// text is a screen to read and scroll through.
type text struct {
	title string
	// write makes the lines for a width; those of the last width are kept.
	write func(columns int) []string
	lines []string
	made  int
	top   int
}

func newText(l look, title, body string) *text {
	t := &text{title: title}
	t.write = func(columns int) []string {
		return l.wrap(body, columns-4)
	}
	return t
}

func (t *text) tall() bool { return true }

func (t *text) press(m *model, k key) {
	height := m.layout(t).body
	switch k.name {
	case "up", "k", "ctrl+p":
		t.top--
	case "down", "j", "ctrl+n", "enter":
		t.top++
	case "pgup", "ctrl+b", "b", "ctrl+u":
		t.top -= height - 2
	case "pgdown", "ctrl+f", "space", "ctrl+d":
		t.top += height - 2
	case "home", "g":
		t.top = 0
	case "end", "G":
		t.top = len(t.lines)
	case "esc", "q", "?", "f1", "left", "h", "backspace":
		m.pop()
	}
	t.make(m.width)
	t.clamp(height)
}

func (t *text) make(columns int) {
	if t.made != columns {
		t.lines, t.made = t.write(columns), columns
	}
}

func (t *text) clamp(height int) {
	t.top = max(0, min(t.top, len(t.lines)-height+1))
}

func (t *text) draw(m *model, columns, height int) picture {
	t.make(columns)
	t.clamp(height)
	lines := []string{""}
	for _, line := range t.lines[t.top:min(len(t.lines), t.top+height-1)] {
		lines = append(lines, "  "+line)
	}
	return picture{lines: lines}
}

func (t *text) info(*model, int, int) []string { return nil }

func (t *text) keys(m *model) []binding {
	list := []binding{{"Esc", "back"}}
	if len(t.lines) >= m.layout(t).body {
		list = append(list, binding{m.look.moves, "scroll"}, binding{"Space", "next page"})
	}
	return list
}
