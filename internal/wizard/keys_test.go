package wizard

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

func (w *world) value(name string) string {
	return w.config.Value(w.config.Tree().Symbol(name))
}

// on is the prompt of the selected entry.
func (w *world) on() string {
	if n := w.at(); n != nil {
		return n.Prompt
	}
	return ""
}

func TestKeysMove(t *testing.T) {
	for _, c := range []struct {
		what string
		keys []string
		at   string
	}{
		{"down and j go down", []string{"down", "j"}, "Machines"},
		{"up and k go up", []string{"end", "up", "k"}, "Machines"},
		{"the end of the list is an end", []string{"down", "down", "down", "down", "down", "down", "down"}, "Addons"},
		{"the start of the list is a start", []string{"up"}, "Cluster name"},
		{"end and G go to the last, home and g to the first", []string{"end", "home", "G"}, "Addons"},
		{"page keys move by a page", []string{"pgdown", "pgup", "pgdown"}, "Addons"},
		{"enter opens a menu", []string{"G", "enter"}, "CoreDNS"},
		{"right and l open a menu", []string{"G", "right", "left", "l"}, "CoreDNS"},
		{"right does not change a switch", []string{"G", "l", "l", "right"}, "CoreDNS"},
		{"esc comes back onto the menu", []string{"G", "enter", "down", "esc"}, "Addons"},
		{"left, h and backspace come back", []string{"G", "l", "left", "l", "h", "l", "backspace"}, "Addons"},
		{"a choice opens on what is chosen", []string{"down", "enter", "down", "enter", "enter"}, "1.36"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := start(cluster(t), env()).keys(c.keys...).on(); got != c.at {
				t.Errorf("at %q, want %q", got, c.at)
			}
		})
	}
}

func TestKeysAnswer(t *testing.T) {
	addons := []string{"G", "enter"}
	machines := []string{"j", "j", "enter"}
	for _, c := range []struct {
		what         string
		before, keys []string
		symbol, want string
	}{
		{"space toggles", addons, []string{"space"}, "addons.dns", "n"},
		{"space toggles back", addons, []string{"space", "space"}, "addons.dns", "y"},
		{"enter toggles", addons, []string{"enter"}, "addons.dns", "n"},
		{"y turns on", addons, []string{"j", "y"}, "addons.metrics", "y"},
		{"n turns off", addons, []string{"n"}, "addons.dns", "n"},
		{"n does not turn off what is needed", addons, []string{"j", "j", "y", "k", "n"}, "addons.metrics", "y"},
		{"enter on a switch with a menu turns it on and opens it", addons, []string{"j", "enter", "enter", "ctrl+u", "type:20", "enter"}, "addons.metrics.interval", "20"},
		{"space on an open switch with a menu turns it off", addons, []string{"j", "y", "space"}, "addons.metrics", "n"},
		{"enter chooses a member and closes the choice", nil, []string{"j", "enter", "j", "enter", "k", "enter", "x", "enter"}, "cluster.version.v1_36", "y"},
		{"y chooses a member", nil, []string{"j", "enter", "j", "y"}, "cluster.version.v1_36", "y"},
		{"n does not unchoose a member", nil, []string{"j", "enter", "n"}, "cluster.version.v1_37", "y"},
		{"esc leaves a choice as it was", nil, []string{"j", "enter", "j", "esc"}, "cluster.version.v1_37", "y"},
		{"typing and enter set a text", nil, []string{"enter", "type:-x y", "enter"}, "cluster.name", "demo-x y"},
		{"esc leaves a text as it was", nil, []string{"enter", "type:xyz", "esc"}, "cluster.name", "demo"},
		{"letters that are keys elsewhere are typed", nil, []string{"enter", "ctrl+u", "type:qshj/?", "enter"}, "cluster.name", "qshj/?"},
		{"the cursor moves in a text", nil, []string{"enter", "home", "X", "right", "delete", "end", "left", "backspace", "enter"}, "cluster.name", "Xdo"},
		{"words are removed", nil, []string{"enter", "type: two three", "ctrl+w", "enter"}, "cluster.name", "demo two "},
		{"a number in the range is accepted", machines, []string{"j", "j", "enter", "backspace", "3", "enter"}, "provision.workers", "3"},
		{"a number out of the range is not accepted", machines, []string{"j", "j", "enter", "9", "enter", "esc"}, "provision.workers", "2"},
		{"what is no number is not accepted", machines, []string{"j", "j", "enter", "x", "enter", "tab", "up", "down", "esc"}, "provision.workers", "2"},
		{"nothing is no number", machines, []string{"j", "j", "enter", "ctrl+u", "enter", "esc"}, "provision.workers", "2"},
		{"down accepts and goes on", machines, []string{"j", "j", "enter", "backspace", "1", "down", "enter", "backspace", "1", "up", "enter", "ctrl+u", "0", "enter"}, "provision.workers", "0"},
		{"r resets an entry", nil, []string{"enter", "x", "enter", "r"}, "cluster.name", "demo"},
		{"r resets a choice", nil, []string{"j", "enter", "j", "enter", "r"}, "cluster.version.v1_37", "y"},
		{"r on a menu resets it after a question", addons, []string{"space", "esc", "r", "y"}, "addons.dns", "y"},
		{"r on a menu does nothing without a yes", addons, []string{"space", "esc", "r", "esc"}, "addons.dns", "n"},
		{"R resets the open menu after a question", addons, []string{"space", "R", "enter"}, "addons.dns", "y"},
		{"a hidden entry is not changed", addons, []string{"a", "end", "space", "y"}, "addons.mesh", "n"},
		{"a hidden text is not edited", nil, []string{"/", "type:spot_price", "enter", "enter", "type:1"}, "provision.aws.spot_price", ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := start(cluster(t), env()).keys(c.before...).keys(c.keys...).value(c.symbol); got != c.want {
				t.Errorf("%s is %q, want %q", c.symbol, got, c.want)
			}
		})
	}
}

func TestKeysLeave(t *testing.T) {
	edited := []string{"enter", "x", "enter"}
	broken := errors.New("disk full")
	for _, c := range []struct {
		what  string
		keys  []string
		fails error
		left  bool
		want  Result
	}{
		{"q leaves at once if nothing changed", []string{"q"}, nil, true, Result{Unchanged, 0}},
		{"ctrl-c leaves at once if nothing changed", []string{"ctrl+c"}, nil, true, Result{Unchanged, 0}},
		{"q asks if something changed", append(edited, "q"), nil, false, Result{}},
		{"a change that was taken back is none", append(edited, "enter", "backspace", "enter", "q"), nil, true, Result{Unchanged, 0}},
		{"s saves and leaves", append(edited, "q", "s"), nil, true, Result{Saved, 1}},
		{"enter at the question saves and leaves", append(edited, "q", "enter"), nil, true, Result{Saved, 1}},
		{"y saves and leaves", append(edited, "q", "y"), nil, true, Result{Saved, 1}},
		{"d discards", append(edited, "q", "d"), nil, true, Result{Discarded, 0}},
		{"n discards", append(edited, "q", "n"), nil, true, Result{Discarded, 0}},
		{"esc stays", append(edited, "q", "esc"), nil, false, Result{}},
		{"ctrl-c asks", append(edited, "ctrl+c"), nil, false, Result{}},
		{"ctrl-c asks while a value is typed", append(edited, "enter", "x", "ctrl+c"), nil, false, Result{}},
		{"ctrl-c keeps what was typed", []string{"enter", "x", "ctrl+c", "s"}, nil, true, Result{Saved, 1}},
		{"ctrl-c asks above the search", append(edited, "/", "ctrl+c"), nil, false, Result{}},
		{"a second ctrl-c leaves without saving", append(edited, "ctrl+c", "ctrl+c"), nil, true, Result{Interrupted, 0}},
		{"ctrl-c can be answered with save", append(edited, "ctrl+c", "s"), nil, true, Result{Saved, 1}},
		{"q leaves after s", append(edited, "s", "q"), nil, true, Result{Saved, 1}},
		{"a change after s is asked for again", append(edited, "s", "enter", "y", "enter", "q", "d"), nil, true, Result{Discarded, 1}},
		{"nobody leaves by a save that failed", append(edited, "q", "s"), broken, false, Result{}},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := start(cluster(t), env())
			w.fails = c.fails
			w.keys(c.keys...)
			if w.left != c.left || w.result != c.want {
				t.Errorf("left %t with %v, want %t with %v", w.left, w.result, c.left, c.want)
			}
		})
	}
}

func TestWhatIsNotSavedFromTheStartIsAskedFor(t *testing.T) {
	w := start(cluster(t), env())
	w.model = newModel(Options{Config: w.config, Dirty: true, Env: env()}.withDefaults())
	if w.keys("q"); w.left {
		t.Error("left without a question")
	}
}

func TestKeysReadAndWriteFiles(t *testing.T) {
	t.Run("s saves", func(t *testing.T) {
		if w := start(cluster(t), env()).keys("s", "ctrl+s"); len(w.saved) != 2 {
			t.Errorf("saved %d times", len(w.saved))
		}
	})
	t.Run("S asks for a file and saves what differs", func(t *testing.T) {
		w := start(cluster(t), env()).keys("S", "type:.min", "enter", "D", "enter")
		if got := strings.Join(w.minimal, " "); got != ".config.json.min .config.json" {
			t.Errorf("saved %s", got)
		}
	})
	t.Run("a minimal save elsewhere leaves the changes unsaved", func(t *testing.T) {
		w := start(cluster(t), env()).keys("enter", "x", "enter", "S", "type:.min", "enter")
		if !w.facts.modified {
			t.Error("nothing to save any more")
		}
		if w.keys("S", "enter"); w.facts.modified {
			t.Error("saved in its own place, and still modified")
		}
	})
	t.Run("o loads and shows the new values", func(t *testing.T) {
		w := start(cluster(t), env()).keys("enter", "x", "enter", "o", "ctrl+u", "type:other.json", "enter")
		if got := strings.Join(w.loaded, " "); got != "other.json" || w.value("cluster.name") != "demo" {
			t.Errorf("loaded %q, the name is %s", got, w.value("cluster.name"))
		}
	})
	t.Run("a load that failed changes nothing and can be tried again", func(t *testing.T) {
		w := start(cluster(t), env())
		w.fails = errors.New("no such file")
		w.keys("enter", "x", "enter", "o", "enter")
		if len(w.screens) != 1 || w.value("cluster.name") != "demox" {
			t.Errorf("%d screens, the name is %s", len(w.screens), w.value("cluster.name"))
		}
	})
	t.Run("a file needs a name", func(t *testing.T) {
		if w := start(cluster(t), env()).keys("o", "ctrl+u", "enter"); len(w.screens) != 1 || len(w.loaded) != 0 {
			t.Errorf("%d screens, loaded %v", len(w.screens), w.loaded)
		}
	})
	t.Run("a file that somebody else changed is overwritten only if one says so", func(t *testing.T) {
		w := start(cluster(t), env())
		w.fails = fmt.Errorf("write .config.json: %w", ErrChanged)
		if w.keys("enter", "x", "enter", "q", "s", "esc"); w.left || len(w.saved) > 0 || !w.facts.modified {
			t.Errorf("left %t, saved %v", w.left, w.saved)
		}
		if w.keys("q", "s", "o"); !w.left || len(w.saved) != 1 || w.result != (Result{Saved, 1}) {
			t.Errorf("left %t with %v, saved %v", w.left, w.result, w.saved)
		}
	})
	t.Run("a file that somebody else changed can be loaded instead", func(t *testing.T) {
		w := start(cluster(t), env())
		w.fails = ErrChanged
		w.keys("enter", "x", "enter", "s")
		w.fails = nil
		if w.keys("l"); w.value("cluster.name") != "demo" || w.facts.modified {
			t.Errorf("the name is %s", w.value("cluster.name"))
		}
	})
	t.Run("what the caller cannot do is said", func(t *testing.T) {
		w := start(cluster(t), env())
		w.options.Save, w.options.SaveMinimal, w.options.Load = nil, nil, nil
		for _, key := range []string{"s", "S", "o"} {
			if w.keys(key); w.notice.kind != failed || len(w.screens) != 0 {
				t.Errorf("%s says %q", key, w.notice.text)
			}
		}
	})
}

func TestTheSearchFindsAndGoesThere(t *testing.T) {
	for _, c := range []struct {
		what, query string
		down        int
		at          string
	}{
		{"a name", "provision.workers", 0, "Workers"},
		{"a part of a name", "control_pl", 0, "Control planes"},
		{"a prompt in any case", "HORIZONTAL AUTO", 0, "Horizontal autoscaling"},
		{"a help text", "survive the loss", 0, "Control planes"},
		{"a menu", "Addons", 0, "Addons"},
		{"a member of a choice", "v1_36", 0, "1.36"},
		{"a hidden entry", "spot_price", 0, "Highest price per hour"},
		{"a name before a help text that says it", "dns", 0, "CoreDNS"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := start(cluster(t), env()).keys("/", "type:"+c.query, "enter")
			if w.on() != c.at || len(w.screens) != 0 {
				t.Errorf("at %q, want %q", w.on(), c.at)
			}
		})
	}
	t.Run("what has no prompt opens its help", func(t *testing.T) {
		w := start(cluster(t), env()).keys("/", "type:addons.count", "enter")
		if _, ok := w.top().(*text); !ok || !strings.Contains(w.screenText(), "computed from other values") {
			t.Error(w.screenText())
		}
	})
	t.Run("backspace in an empty search goes back", func(t *testing.T) {
		if w := start(cluster(t), env()).keys("/", "x", "backspace", "backspace"); len(w.screens) != 0 {
			t.Error("the search is still open")
		}
	})
}

func TestTheTreeChangesAsOneAnswers(t *testing.T) {
	w := start(cluster(t), env()).keys("j", "j", "enter")
	before := len(w.rows)
	w.keys("enter", "j", "enter")
	if after := len(w.rows); after != before+2 || w.on() != "Platform" {
		t.Errorf("%d rows became %d, at %q", before, after, w.on())
	}
}

func TestAValueThatTheCallerRefusesIsNotAccepted(t *testing.T) {
	w := start(cluster(t), env())
	w.options.Validate = func(s *kconfig.Symbol, value string) error {
		if s.Name == "cluster.name" && strings.Contains(value, " ") {
			return errors.New("a name has no spaces")
		}
		return nil
	}
	w.keys("enter", "type: x", "enter")
	if w.edit == nil || !strings.Contains(w.screenText(), "a name has no spaces") {
		t.Error(w.screenText())
	}
	if w.keys("backspace", "backspace", "x", "enter"); w.value("cluster.name") != "demox" {
		t.Errorf("the name is %s", w.value("cluster.name"))
	}
}

func TestAProblemCanBeJumpedTo(t *testing.T) {
	config := cluster(t)
	_ = config.Set("network.pod_cidr", "10.96.0.0/16")
	if at := start(config, env()).keys("!").on(); at != "Pod addresses" {
		t.Errorf("at %q", at)
	}
}

func TestAnAnswerThatALaterOneMadeWrongIsAProblem(t *testing.T) {
	config := cluster(t)
	_ = config.SetChoice("provision.platform", "aws")
	_ = config.Set("provision.workers", "50")
	w := start(config, env())
	if len(w.facts.problems) != 0 {
		t.Fatal(w.facts.problems)
	}
	w.keys("j", "j", "enter", "enter", "k", "enter")
	if len(w.facts.problems) != 1 || !strings.Contains(w.facts.problems[0].Message, "3 is used") {
		t.Error(w.facts.problems)
	}
}

func TestATerminalThatIsTooSmallTakesOnlyCtrlC(t *testing.T) {
	w := start(cluster(t), env()).keys("enter", "x", "enter").size(30, 5).keys("r", "q", "s", "enter")
	if w.left || len(w.saved) > 0 || w.value("cluster.name") != "demox" {
		t.Fatal("a key that nobody sees did something")
	}
	if w.keys("ctrl+c"); w.left {
		t.Fatal("the first Ctrl-C left")
	}
	if w.keys("ctrl+c"); !w.left || w.result.Outcome != Interrupted {
		t.Error("the second Ctrl-C did not leave")
	}
}

func TestAPasteIsTyped(t *testing.T) {
	w := start(cluster(t), env()).keys("enter", "ctrl+u")
	w.Update(tea.PasteMsg{Content: "pas\x1b[31mted\nname"})
	if w.keys("enter"); w.value("cluster.name") != "pas[31mtedname" {
		t.Errorf("%q", w.value("cluster.name"))
	}
	w.Update(tea.PasteMsg{Content: "q"})
	if w.left {
		t.Error("a paste pressed a key")
	}
}
