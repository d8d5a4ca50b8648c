package events

import (
	"sync"
	"time"
)

const (
	// soon is how long the same event is not told again.
	soon = 5 * time.Minute
	// burst is how many events one object has at hand; it gets another each refill.
	burst  = 25
	refill = time.Minute
	// remembered bounds both.
	remembered = 1024
)

// memory knows what was told a short while ago: an addon that flaps fills the log
// of nobody.
type memory struct {
	mu   sync.Mutex
	told map[event]time.Time
	left map[string]allowance
}

type allowance struct {
	events float64
	at     time.Time
}

func newMemory() *memory {
	return &memory{told: map[event]time.Time{}, left: map[string]allowance{}}
}

// news tells whether an event is worth telling, and remembers it.
func (m *memory) news(e event) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(e.at)
	said := e
	said.at = time.Time{}
	if _, ok := m.told[said]; ok {
		return false
	}
	left, ok := m.left[e.addon]
	if !ok {
		left = allowance{events: burst, at: e.at}
	}
	left.events = min(left.events+e.at.Sub(left.at).Seconds()/refill.Seconds(), burst)
	left.at = e.at
	enough := left.events >= 1
	if enough {
		left.events--
		m.told[said] = e.at
	}
	m.left[e.addon] = left
	return enough
}

// forget drops what is long ago, and everything where that is too much to hold.
func (m *memory) forget(now time.Time) {
	for e, at := range m.told {
		if now.Sub(at) >= soon {
			delete(m.told, e)
		}
	}
	for addon, left := range m.left {
		if now.Sub(left.at) >= burst*refill {
			delete(m.left, addon)
		}
	}
	if len(m.told) >= remembered {
		clear(m.told)
	}
	if len(m.left) >= remembered {
		clear(m.left)
	}
}
