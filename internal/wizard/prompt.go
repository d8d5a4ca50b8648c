package wizard

import "strings"

// prompt is a box that asks for a file's name.
type prompt struct {
	title string
	field field
	// warn says what is to be known about a name before it is used.
	warn func(path string) string
	// do uses the name. After an error the box stays open and shows it.
	do  func(path string) error
	err string
}

func (p *prompt) tall() bool { return false }

func (p *prompt) press(m *model, k key) {
	switch k.name {
	case "esc":
		m.pop()
	case "enter":
		p.use(m)
	default:
		if p.field.press(k) {
			p.err = ""
		}
	}
}

func (p *prompt) use(m *model) {
	path := strings.TrimSpace(p.field.value())
	if path == "" {
		p.err = "needs the name of a file"
		return
	}
	err := p.do(path)
	if err == nil {
		m.pop()
		return
	}
	p.err = strings.TrimSpace(err.Error())
	if strings.Contains(p.err, "\n") {
		text := p.err
		p.err, _, _ = strings.Cut(p.err, "\n")
		m.push(newText(m.look, "That did not work", text))
	}
}

func (p *prompt) draw(m *model, columns, height int) picture {
	inner := max(8, min(60, columns-6))
	text, x := p.field.draw(m.look, inner)
	lines := []string{
		m.look.bold.Render(m.look.text(p.title)),
		m.look.accent.Render(m.look.pad(text, inner)),
	}
	switch warning := p.warn(strings.TrimSpace(p.field.value())); {
	case p.err != "":
		for _, line := range m.look.wrap(m.look.failed+" "+p.err, inner) {
			lines = append(lines, m.look.bad.Render(line))
		}
	default:
		lines = append(lines, m.look.dim.Render(warning))
	}
	drawn := m.box(p, lines, columns, height)
	drawn.x += x
	drawn.y++
	drawn.typed = true
	return drawn
}

func (p *prompt) info(m *model, columns, height int) []string {
	return m.below(p).info(m, columns, height)
}

func (p *prompt) keys(*model) []binding {
	return []binding{{"Enter", "go on"}, {"Esc", "stay"}, {"Ctrl-U", "clear"}}
}
