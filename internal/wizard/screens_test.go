package wizard

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/golden"
	"turnup.dev/kubectl-turnup/internal/kconfig"
)

const wide = `mainmenu "设置 · Einstellungen"
config name
	string "集群名称"
	default "デモ・クラスター"
	help
	  クラスターの名前です。
config flag
	bool "Flagge 🇩🇪 zeigen"
	default y
config other
	int "Überläufe"
	default 7
config long
	string "A prompt that is a good deal longer than what a column of a screen with eighty columns can take"
	default "a value that is a good deal longer than what is left of the screen beside such a prompt"
`

// wrong is a configuration in which several things do not go together.
func wrong(t testing.TB) *kconfig.Config {
	config := cluster(t)
	for name, value := range map[string]string{
		"network.pod_cidr": "10.96.0.0/16", "provision.workers": "50", "provision.offset": "0x1",
	} {
		if err := config.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	return config
}

func TestScreensLookAsTheyDid(t *testing.T) {
	overlap := []string{"down", "down", "down", "enter", "down", "down", "enter", "ctrl+u", "type:10.244.0.0/16", "enter"}
	for _, c := range []struct {
		name          string
		config        func(testing.TB) *kconfig.Config
		columns, rows int
		env           []string
		fails         string
		keys          []string
	}{
		{name: "main"},
		{name: "menu", keys: []string{"down", "down", "enter"}},
		{name: "choice", keys: []string{"down", "down", "enter", "enter"}},
		{name: "editing", keys: []string{"enter"}},
		{name: "editing-invalid", keys: []string{"down", "down", "enter", "down", "down", "enter", "9"}},
		{name: "editing-refused", keys: []string{"down", "down", "enter", "down", "down", "enter", "x", "enter"}},
		{name: "changed-marks", keys: []string{"end", "enter", "down", "down", "space"}},
		{name: "locked", keys: []string{"end", "enter", "down", "down", "space", "up", "n"}},
		{name: "changed-only", keys: []string{"enter", "x", "enter", "end", "enter", "down", "down", "space", "esc", "c"}},
		{name: "changed-nothing", keys: []string{"c"}},
		{name: "show-all", keys: []string{"end", "enter", "a", "end"}},
		{name: "comment", keys: []string{"down", "down", "enter", "enter", "down", "enter", "down"}},
		{name: "help-symbol", keys: []string{"down", "down", "enter", "down", "down", "?"}},
		{name: "help-choice", keys: []string{"down", "?"}},
		{name: "help-hidden", keys: []string{"/", "type:mesh", "tab"}},
		{name: "help-relations", keys: []string{"end", "enter", "down", "down", "space", "up", "?"}},
		{name: "help-menu", keys: []string{"down", "down", "?"}},
		{name: "help-keys", keys: []string{"H"}},
		{name: "search", keys: []string{"/", "type:work"}},
		{name: "search-hidden", keys: []string{"/", "type:spot", "down"}},
		{name: "search-nothing", keys: []string{"/", "type:quux"}},
		{name: "search-empty", keys: []string{"/"}},
		{name: "jumped-hidden", keys: []string{"/", "type:mesh", "enter"}},
		{name: "problem", keys: overlap},
		{name: "problem-in-one-line", rows: 16, columns: 80, keys: overlap},
		{name: "problems", config: wrong},
		{name: "problems-gone-to", config: wrong, keys: []string{"!", "!"}},
		{name: "quit-question", keys: append(overlap[:len(overlap):len(overlap)], "q")},
		{name: "reset-question", keys: []string{"end", "enter", "down", "down", "space", "R"}},
		{name: "load", keys: []string{"o"}},
		{name: "save-minimal", keys: []string{"S", "type:.min"}},
		{name: "saved", keys: []string{"enter", "x", "enter", "s"}},
		{name: "save-changed", keys: []string{"enter", "x", "enter", "s"}, fails: ErrChanged.Error()},
		{name: "save-failed", keys: []string{"s"}, fails: "write .config.json: permission denied"},
		{name: "save-failed-long", keys: []string{"s"}, fails: "line one\nline two\nline three"},
		{name: "load-failed", keys: []string{"o", "enter"}, fails: "read .config.json: no such file or directory"},
		{name: "size-40x10", columns: 40, rows: 10, keys: []string{"down", "down", "enter"}},
		{name: "size-30x8", columns: 30, rows: 8},
		{name: "size-120x40", columns: 120, rows: 40, keys: []string{"down", "down", "enter", "down"}},
		{name: "ascii", env: []string{"LC_ALL", "C"}, keys: []string{"end", "enter", "down", "down", "space", "up", "enter"}},
		{name: "wide-characters", config: func(t testing.TB) *kconfig.Config { return small(t, wide) }, keys: []string{"down"}},
		{name: "wide-ascii", env: []string{"LC_ALL", "C"}, config: func(t testing.TB) *kconfig.Config { return small(t, wide) }},
		{name: "long-editing", config: func(t testing.TB) *kconfig.Config { return small(t, wide) }, keys: []string{"end", "enter", "type: x"}},
		{name: "scrolled", config: flat, keys: []string{"pgdown", "pgdown", "down"}},
		{name: "search-scrolled", config: flat, keys: []string{"/", "type:77", "pgdown", "pgdown"}},
		{name: "wide-editing", config: func(t testing.TB) *kconfig.Config { return small(t, wide) }, keys: []string{"enter", "left", "x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.config == nil {
				c.config = cluster
			}
			if c.columns == 0 {
				c.columns, c.rows = 80, 24
			}
			w := start(c.config(t), env(c.env...)).size(c.columns, c.rows)
			if c.fails != "" {
				w.fails = errors.New(c.fails)
			}
			if c.fails == ErrChanged.Error() {
				w.fails = ErrChanged
			}
			w.keys(c.keys...)
			golden.Check(t, screenFile(c.name), w.screenText())
		})
	}
}

func TestColoursAreOnlyTheLegibleBasicOnes(t *testing.T) {
	overlap := []string{"down", "down", "down", "enter", "down", "down", "enter", "ctrl+u", "type:10.244.0.0/16", "enter"}
	drawn := strings.Join(start(cluster(t), env()).keys(overlap...).draw().lines, "\n")
	golden.Check(t, screenFile("with-colours"), strings.ReplaceAll(drawn, "\x1b", "^"))
	plain := strings.Join(start(cluster(t), env("NO_COLOR", "1")).keys(overlap...).draw().lines, "\n")
	golden.Check(t, screenFile("without-colours"), strings.ReplaceAll(plain, "\x1b", "^"))
	for _, colour := range []string{"[3", ";3", "[38", "[48", "[4", "[9"} {
		if strings.Contains(plain, "\x1b"+colour) {
			t.Errorf("with NO_COLOR there is a colour: %q", colour)
		}
	}
}

// screenFile is the golden file of a screen.
func screenFile(name string) string { return filepath.Join("testdata", "screens", name+".txt") }
