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

// BenchmarkAKey measures from a key to the screen it leads to, every symbol set
// as after loading a file. The goal is 16 ms, a frame, for the slowest key.
func BenchmarkAKey(b *testing.B) {
	for tree, of := range map[string]func(testing.TB) *kconfig.Config{"many menus": big, "one menu": flat} {
		for _, name := range slices.Sorted(maps.Keys(journeys)) {
			b.Run(tree+"/"+name, func(b *testing.B) { travel(b, of(b), journeys[name]) })
		}
	}
}

func travel(b *testing.B, config *kconfig.Config, keys []string) {
	w := start(config, env())
	set := w.config.Clone()
	for _, s := range set.Tree().Symbols {
		_ = w.config.Set(s.Name, set.Value(s))
	}
	w.refresh()
	w.View()
	slowest := make([]time.Duration, len(keys))
	for b.Loop() {
		for i, key := range keys {
			from := time.Now()
			w.keys(key)
			w.View()
			// The quickest of a key's runs: what else the machine does is not ours.
			if took := time.Since(from); slowest[i] == 0 || took < slowest[i] {
				slowest[i] = took
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(keys)), "µs/key")
	b.ReportMetric(float64(slices.Max(slowest).Microseconds()), "µs/slowest-key")
}
