package manager

import "time"

const (
	// foundationBudget is how long the others' definitions and roles are waited for.
	foundationBudget = 10 * time.Second
	// networkBudget is how long addons wait for a network that does not come up:
	// one of them may be what is needed to repair it.
	networkBudget = 2 * time.Minute
)

// gate says what an addon still has to wait for before its workloads, "" for nothing.
func (m *Manager) gate(w *worker, generation int, network bool) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	early := time.Since(m.since) < foundationBudget
	for _, other := range m.workers {
		if early && other != w && other.behind(generation) {
			return "waiting for the definitions and roles of addon " + other.name
		}
		if !network && other.holdsUp() {
			return "waiting for the network: addon " + other.name
		}
	}
	return ""
}
