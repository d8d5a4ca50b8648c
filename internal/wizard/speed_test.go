package wizard

import (
	"slices"
	"testing"
	"time"
)

// journeys are the keys that a person waits for, on a tree of 10,000 symbols.
var journeys = map[string][]string{
	"move":   {"down", "up"},
	"toggle": {"space", "space"},
	"page":   {"pgdown", "pgup"},
	"open":   {"enter", "esc"},
	"search": {"/", "v", "a", "l", "u", "e", "7", "esc"},
	"edit":   {"enter", "enter", "5", "enter", "enter", "backspace", "enter", "esc"},
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
	const frame = 16 * time.Millisecond
	w := start(big(t), env())
	set := w.config.Clone()
	for _, s := range set.Tree().Symbols {
		_ = w.config.Set(s.Name, set.Value(s)) // as after loading a file
	}
	w.refresh()
	for name, keys := range journeys {
		t.Run(name, func(t *testing.T) {
			slowest := map[string]time.Duration{}
			for range 5 {
				for i, key := range keys {
					from := time.Now()
					w.keys(key)
					w.View()
					id := string(rune('0'+i)) + " " + key
					// The quickest of the runs: other programs are not our concern.
					if took := time.Since(from); slowest[id] == 0 || took < slowest[id] {
						slowest[id] = took
					}
				}
			}
			for key, took := range slowest {
				if took > frame {
					t.Errorf("key %s takes %v", key, took)
				}
			}
			all := make([]time.Duration, 0, len(slowest))
			for _, took := range slowest {
				all = append(all, took)
			}
			t.Logf("at most %v", slices.Max(all))
		})
	}
}
