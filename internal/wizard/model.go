package wizard

import (
	tea "charm.land/bubbletea/v2"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// model is everything that is on the screen.
type model struct {
	options       Options
	config        *kconfig.Config
	look          look
	width, height int

	// pages are the open menus, from the main menu to the one that is seen, and
	// rows the entries of that one.
	pages  []page
	rows   []row
	column int
	// showAll shows hidden entries too, changedOnly what is not at its default.
	showAll, changedOnly bool
	// edit is the entry whose value is being typed, or nil.
	edit *edit
	// screens lie above the list, the topmost last.
	screens []screen
	notice  notice
	facts   facts
	// saved is what the file holds, as far as we know.
	saved  snapshot
	unsure bool
	index  *index
	// exists says whether there is a file; asked before one is overwritten.
	exists func(path string) bool

	result Result
	left   bool
}

// screen is what lies above the list of menus.
type screen interface {
	// press answers a key.
	press(m *model, k key)
	// draw returns the lines between the header and the footer.
	draw(m *model, width, height int) picture
	// keys are those that mean something now, the most useful first.
	keys(m *model) []binding
	// info are the lines about what the cursor is on; a screen that is tall
	// gives up their place.
	info(m *model, width, height int) []string
	tall() bool
}

// picture is some lines, and where the terminal's cursor is in them, if it is.
type picture struct {
	lines []string
	x, y  int
	typed bool
}

// key is a key by its name (enter, ctrl+c, a, ?) and the text it types.
type key struct{ name, text string }

// notice is what is to be said once: it goes away with the next key.
type notice struct {
	text string
	kind noticeKind
}

type noticeKind int

const (
	told noticeKind = iota
	done
	failed
)

func newModel(options Options) *model {
	m := &model{
		options: options,
		config:  options.Config,
		look:    newLook(options.Env),
		width:   80, height: 24,
		pages:  []page{{node: options.Config.Tree().Root}},
		unsure: options.Dirty,
		exists: func(string) bool { return false },
	}
	m.saved = m.snapshot()
	m.refresh()
	return m
}

// Init makes what the search looks through meanwhile: the tree does not change.
func (m *model) Init() tea.Cmd {
	tree := m.config.Tree()
	return func() tea.Msg { return newIndex(tree) }
}

// Update answers a message.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.measure()
	case *index:
		m.index = msg
	case tea.PasteMsg:
		m.press(key{name: "paste", text: msg.Content})
	case tea.KeyPressMsg:
		if msg.String() == "ctrl+z" {
			return m, tea.Suspend
		}
		m.press(key{name: msg.String(), text: msg.Text})
	}
	m.scroll()
	if m.left {
		return m, tea.Quit
	}
	return m, nil
}

func (m *model) press(k key) {
	if m.left {
		return
	}
	m.notice = notice{}
	switch {
	case k.name == "ctrl+c":
		m.interrupt()
	case m.tooSmall():
		// Nobody sees what a key would do.
	default:
		m.top().press(m, k)
	}
}

func (m *model) top() screen {
	if len(m.screens) == 0 {
		return menus{}
	}
	return m.screens[len(m.screens)-1]
}

func (m *model) push(s screen) { m.screens = append(m.screens, s) }

func (m *model) pop() {
	if len(m.screens) > 0 {
		m.screens = m.screens[:len(m.screens)-1]
	}
}

func (m *model) say(kind noticeKind, text string) { m.notice = notice{text, kind} }
