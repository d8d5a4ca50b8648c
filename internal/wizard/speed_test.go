package wizard

import (
	"maps"
	"slices"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// journeys are the keys that a person waits for, on a tree of 10,000 symbols.
var journeys = map[string][]string{
	"move":   {"down", "up"},
	"toggle": {"space", "space"},
	"page":   {"pgdown", "pgup"},
	"open":   {"enter", "esc"},
	"search": {"/", "v", "a", "l", "u", "e", "7", "esc"},
	"edit":   {"enter", "enter", "ctrl+u", "5", "enter", "enter", "ctrl+u", "6", "enter", "esc"},
	"all":    {"a", "a"},
	"filter": {"c", "c"},
	"help":   {"?", "esc"},
}

func BenchmarkAKey(b *testing.B) {
	for name, keys := range journeys {
		b.Run(name, func(b *testing.B) {
			w := start(big(b), env())
			w.View()
			for b.Loop() {
				for _, key := range keys {
					w.keys(key)
					w.View()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(keys)), "µs/key")
		})
	}
}

func TestAKeyIsAnsweredInAFrame(t *testing.T) {
	for name, tree := range map[string]func(testing.TB) *kconfig.Config{"many menus": big, "one menu": flat} {
		t.Run(name, func(t *testing.T) {
			w := start(tree(t), env())
			set := w.config.Clone()
			for _, s := range set.Tree().Symbols {
				_ = w.config.Set(s.Name, set.Value(s)) // as after loading a file
			}
			w.refresh()
			for _, name := range slices.Sorted(maps.Keys(journeys)) {
				t.Run(name, func(t *testing.T) { w.travelInTime(t, journeys[name]) })
			}
		})
	}
}

// travelInTime takes the quickest of some runs: what else the machine does is
// not our concern.
func (w *world) travelInTime(t *testing.T, keys []string) {
	const frame = 16 * time.Millisecond
	took := make([]time.Duration, len(keys))
	for range 5 {
		w.index = nil // it is made when the search is first opened
		for i, key := range keys {
			from := time.Now()
			w.keys(key)
			w.View()
			if d := time.Since(from); took[i] == 0 || d < took[i] {
				took[i] = d
			}
		}
	}
	for i, key := range keys {
		if took[i] > frame {
			t.Errorf("key %d (%s) takes %v", i, key, took[i])
		}
	}
	t.Logf("at most %v", slices.Max(took))
}
