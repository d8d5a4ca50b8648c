package wizard

import (
	"errors"
	"path/filepath"
	"strings"
)

// save writes the file and says so; it returns whether that worked.
func (m *model) save(leaving bool) bool {
	if m.options.Save == nil {
		m.say(failed, "There is nowhere to save to.")
		return false
	}
	return m.saveBy(m.options.Save, leaving)
}

func (m *model) saveBy(save func() error, leaving bool) bool {
	switch err := save(); {
	case err == nil:
		m.wrote("Saved" + m.to(m.options.Path) + ".")
		return true
	case errors.Is(err, ErrChanged) && m.options.Overwrite != nil:
		m.push(m.askChanged(leaving))
	default:
		m.fail("Not saved", err)
	}
	return false
}

func (m *model) to(path string) string {
	if path == "" {
		return ""
	}
	return " " + path
}

// wrote notes that the file holds what is seen.
func (m *model) wrote(text string) {
	m.result.Saves++
	m.unsure = false
	m.saved = m.snapshot()
	m.facts.modified = false
	if n := len(m.facts.problems); n > 0 {
		text += " " + count(n, "problem is", "problems are") + " left."
	}
	m.say(done, text)
}

// fail shows an error: a short one in a line, a long one on a screen.
func (m *model) fail(what string, err error) {
	text := strings.TrimSpace(err.Error())
	if !strings.Contains(text, "\n") && width(text) < 2*m.width {
		m.say(failed, what+": "+text)
		return
	}
	m.push(newText(m.look, what, text))
}

func (m *model) askMinimal() {
	if m.options.SaveMinimal == nil {
		m.say(failed, "There is nowhere to save to.")
		return
	}
	m.push(&prompt{
		title: "Save only what differs from the defaults to",
		field: newField(m.options.Path),
		warn: func(path string) string {
			if path != m.options.Path && m.exists(path) {
				return "It exists and is overwritten."
			}
			return ""
		},
		do: func(path string) error {
			if err := m.options.SaveMinimal(path); err != nil {
				return err
			}
			if same(path, m.options.Path) {
				m.wrote("Saved what differs from the defaults to " + path + ".")
				return nil
			}
			m.say(done, "Saved what differs from the defaults to "+path+".")
			return nil
		},
	})
}

func (m *model) askLoad() {
	if m.options.Load == nil {
		m.say(failed, "Nothing can be loaded here.")
		return
	}
	m.push(&prompt{
		title: "Load",
		field: newField(m.options.Path),
		warn: func(path string) string {
			switch {
			case !m.exists(path):
				return "There is no such file."
			case m.facts.modified:
				return "Your unsaved changes are replaced."
			}
			return ""
		},
		do: m.load,
	})
}

func (m *model) load(path string) error {
	if err := m.options.Load(path); err != nil {
		return err
	}
	if same(path, m.options.Path) {
		m.unsure = false
		m.saved = m.snapshot()
	}
	m.refresh()
	m.say(done, "Loaded "+path+".")
	return nil
}

func same(a, b string) bool { return b != "" && filepath.Clean(a) == filepath.Clean(b) }
