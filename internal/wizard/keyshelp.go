package wizard

// keysHelp is the screen that lists all keys.
func (m *model) keysHelp() *text {
	return &text{title: "Keys", write: func(columns int) []string {
		s := &sheet{look: m.look, columns: min(columns-4, 100)}
		for _, group := range []struct {
			heading string
			keys    []binding
		}{
			{"Moving", []binding{
				{"up down k j", "to the entry above or below"},
				{"PgUp PgDn", "a page; Home g and End G: the first and the last entry"},
				{"Enter right l", "open a menu"},
				{"Esc left h", "back to the menu around; Backspace too"},
				{"/", "search names, prompts and help texts, and go there"},
				{"!", "go to the next problem"},
			}},
			{"Answering", []binding{
				{"Enter", "do what the entry is for: turn on or off, choose, edit"},
				{"Space", "turn on or off"},
				{"y n", "turn on, turn off"},
				{"r", "set the entry to its default; on a menu, all in it"},
				{"R", "set all of the open menu to the defaults"},
			}},
			{"Seeing", []binding{
				{"? F1", "all about the entry: what it does, why it is so"},
				{"a z", "show hidden entries too, or not"},
				{"c", "show only what differs from the defaults, or all"},
			}},
			{"Files", []binding{
				{"s Ctrl-S", "save"},
				{"S D", "save only what differs from the defaults"},
				{"o", "load a file"},
				{"q Ctrl-C", "quit; asks if something is not saved"},
				{"Ctrl-Z", "leave for the shell; fg comes back"},
			}},
		} {
			s.heading(group.heading)
			for _, b := range group.keys {
				s.indented("  "+m.look.bold.Render(m.look.pad(b.key, 14)), b.does, m.look.plain)
			}
		}
		return s.lines
	}}
}
