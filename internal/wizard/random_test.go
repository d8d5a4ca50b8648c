package wizard

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// TestNoKeysBreakIt presses keys at random, on several trees and in screens of
// all sizes: nothing panics, and the screen has as many lines as the terminal
// and none wider than it.
func TestNoKeysBreakIt(t *testing.T) {
	keys := []string{
		"up", "down", "left", "right", "home", "end", "pgup", "pgdown", "enter", "enter", "enter", "space", "esc", "tab", "shift+tab",
		"backspace", "delete", "f1", "?", "/", "a", "c", "r", "R", "s", "S", "o", "q", "y", "n", "d", "h", "j", "k", "l", "g", "G", "!", "H",
		"ctrl+c", "ctrl+u", "ctrl+w", "ctrl+a", "ctrl+k", "0", "1", "9", "x", ".", "é", "集", "🇩🇪", "\u0301", "\x1b", "\u202e",
	}
	const presses = 5_000 // on each of the trees
	trees := map[string]func(testing.TB) *kconfig.Config{
		"our own sort":    cluster,
		"wide characters": func(t testing.TB) *kconfig.Config { return small(t, wide) },
		"an empty menu":   func(t testing.TB) *kconfig.Config { return small(t, "mainmenu \"Nothing\"\nmenu \"Empty\"\nendmenu\n") },
		"nothing at all":  func(t testing.TB) *kconfig.Config { return small(t, "") },
	}
	for name, tree := range trees {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			random := rand.New(rand.NewPCG(seed, 1))
			w := start(tree(t), env())
			for i := range presses {
				press := keys[random.IntN(len(keys))]
				w.fails = nil
				if random.IntN(3) == 0 {
					w.fails = errors.New("a long story\nof what went wrong")
				}
				if w.keys(press); random.IntN(50) == 0 {
					w.size(random.IntN(130), random.IntN(45))
				}
				if w.left {
					w = start(w.config, env([]string{"LC_ALL", "C", "NO_COLOR", "1"}[:2*random.IntN(3)]...)).size(w.width, w.height)
				}
				if at, why := overflows(w); why != "" {
					t.Fatalf("seed %d, key %d (%q), %d×%d, line %d: %s", seed, i, press, w.width, w.height, at, why)
				}
			}
		})
	}
}

func overflows(w *world) (line int, why string) {
	drawn := w.draw()
	if len(drawn.lines) != w.height {
		return len(drawn.lines), "that many lines"
	}
	for i, line := range drawn.lines {
		if ansi.StringWidthWc(line) > w.width {
			return i, "too wide: " + line
		}
	}
	if drawn.typed && (drawn.x < 0 || drawn.x >= w.width || drawn.y < 0 || drawn.y >= w.height) {
		return drawn.y, "the cursor is outside"
	}
	return 0, ""
}
