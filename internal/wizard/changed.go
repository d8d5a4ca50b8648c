package wizard

// askChanged asks what to do about a file that somebody else has changed. Who
// wanted to leave leaves once it is saved.
func (m *model) askChanged(leaving bool) *question {
	q := &question{
		title: "Somebody else has changed " + m.named() + ".",
		lines: []string{"Your changes are not saved."},
		answers: []answer{
			{"esc", "go back, nothing is written", m.pop},
			{"o", "overwrite it with what is seen here", func() {
				m.pop()
				if m.saveBy(m.options.Overwrite, leaving) && leaving {
					m.leave(Saved)
				}
			}},
		},
	}
	if m.options.Load != nil && m.options.Path != "" {
		q.answers = append(q.answers, answer{"l", "load it, and lose the changes made here", func() {
			m.pop()
			if err := m.load(m.options.Path); err != nil {
				m.fail("Not loaded", err)
			}
		}})
	}
	return q
}

func (m *model) named() string {
	if m.options.Path == "" {
		return "the file"
	}
	return m.options.Path
}
