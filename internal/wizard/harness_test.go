package wizard

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// world is a wizard and what its caller was asked to do.
type world struct {
	*model
	saved   []string
	minimal []string
	loaded  []string
	// fails is what the caller's functions return.
	fails error
}

func env(pairs ...string) func(string) string {
	values := map[string]string{"LANG": "en_US.UTF-8", "TERM": "xterm-256color"}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return values[name] }
}

func start(config *kconfig.Config, env func(string) string) *world {
	w := &world{}
	w.model = newModel(Options{
		Config: config,
		Path:   ".config.json",
		Env:    env,
		Check:  func() []Problem { return check(config) },
		Save: func() error {
			if w.fails == nil {
				w.saved = append(w.saved, ".config.json")
			}
			return w.fails
		},
		SaveMinimal: func(path string) error {
			if w.fails == nil {
				w.minimal = append(w.minimal, path)
			}
			return w.fails
		},
		Overwrite: func() error {
			w.saved = append(w.saved, "overwritten")
			return nil
		},
		Load: func(path string) error {
			if w.fails == nil {
				w.loaded = append(w.loaded, path)
				config.Reset()
			}
			return w.fails
		},
	}.withDefaults())
	return w
}

// keys presses keys by their names, and types what has no name of a key.
func (w *world) keys(names ...string) *world {
	for _, name := range names {
		if typed, ok := strings.CutPrefix(name, "type:"); ok {
			for _, r := range typed {
				w.Update(keyOf(string(r)))
			}
			continue
		}
		w.Update(keyOf(name))
	}
	return w
}

func (w *world) size(columns, lines int) *world {
	w.Update(tea.WindowSizeMsg{Width: columns, Height: lines})
	return w
}

// keyOf is the message of a key, as the terminal's driver makes it.
func keyOf(name string) tea.KeyPressMsg {
	named := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft,
		"right": tea.KeyRight, "home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
		"tab": tea.KeyTab, "backspace": tea.KeyBackspace, "delete": tea.KeyDelete, "f1": tea.KeyF1,
	}
	switch {
	case name == "space" || name == " ":
		return tea.KeyPressMsg{Code: ' ', Text: " "}
	case strings.HasPrefix(name, "ctrl+"):
		return tea.KeyPressMsg{Code: rune(name[5]), Mod: tea.ModCtrl}
	case name == "shift+tab":
		return tea.KeyPressMsg{Code: tea.KeyTab, Mod: tea.ModShift}
	case named[name] != 0:
		return tea.KeyPressMsg{Code: named[name]}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// screenText is what is seen, without colours.
func (w *world) screenText() string {
	var b strings.Builder
	for _, line := range w.draw().lines {
		b.WriteString(strings.TrimRight(ansi.Strip(line), " ") + "\n")
	}
	return b.String()
}
