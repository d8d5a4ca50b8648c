package manager

import (
	"slices"
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
)

const (
	// foundationBudget is how long the others' definitions and roles are waited for.
	foundationBudget = 10 * time.Second
	// networkBudget is how long addons wait for a network that does not come up:
	// one of them may be what is needed to repair it.
	networkBudget = 2 * time.Minute
	// selfBudget is how long the manager's own addon waits for all others: its new
	// version may be what repairs them.
	selfBudget = time.Minute
	// leaveBudget is how long an addon that goes waits for those that depend on it.
	leaveBudget = 2 * time.Minute
)

// gate says what an addon still has to wait for before its workloads, "" for nothing.
func (m *Manager) gate(w *worker, generation int, addon *plan.Addon) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, need := range addon.DependsOn {
		if other := m.workers[need]; other != nil && !other.settled() {
			return "waiting for addon " + need + ", which it depends on"
		}
	}
	early := time.Since(m.since) < foundationBudget
	for _, other := range m.workers {
		switch {
		case other == w:
		case early && other.behind(generation):
			return "waiting for the definitions and roles of addon " + other.name
		case !addon.Network && other.holdsUp():
			return "waiting for the network: addon " + other.name
		case w.name == object.Manager && time.Since(m.since) < selfBudget && !other.done():
			return "waiting for addon " + other.name + ": the manager itself comes last"
		}
	}
	return ""
}

// dependents names an addon that depends on this one and is on its way out as well.
func (m *Manager) dependents(name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, other := range m.workers {
		if other.name != name && other.leaving() && slices.Contains(other.wants(), name) {
			return other.name
		}
	}
	return ""
}

func (w *worker) wants() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.needs
}

// found marks a generation's definitions and roles as tried, and wakes those who
// wait once all have been.
func (w *worker) found(generation int) {
	w.mu.Lock()
	news := w.founded < generation
	w.founded = max(w.founded, generation)
	w.mu.Unlock()
	if !news {
		return
	}
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	for _, other := range w.m.workers {
		if other.behind(generation) {
			return
		}
	}
	w.m.pokeAll()
}

// behind tells whether others should wait for this addon's definitions and roles.
func (w *worker) behind(generation int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.goal.addon != nil && !w.goal.leave && w.founded < generation
}

// holdsUp tells whether others should wait for this network addon: until it carries
// most nodes. The scheduler gives a node no pods before it has a network, so that
// the first one alone would get them all; the last may be one that is broken.
func (w *worker) holdsUp() bool {
	if w.idle() {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.goal
	return g.addon != nil && g.addon.Network && w.mostlyHash != g.addon.Hash && time.Since(g.since) < networkBudget
}

// settled tells whether what depends on this addon may go on.
func (w *worker) settled() bool {
	idle := w.idle()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.goal.addon != nil && (idle || w.readyHash == w.goal.addon.Hash)
}

// idle tells whether the addon is suspended or only observed: nobody makes it
// ready, so nobody can wait for that.
func (w *worker) idle() bool {
	if w.m.asks.of(w.name).Suspend {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.goal.addon != nil && w.goal.addon.Mode == api.Observe
}

// done tells whether everything of the addon is applied.
func (w *worker) done() bool {
	idle := w.idle()
	w.mu.Lock()
	defer w.mu.Unlock()
	return idle || w.goal.addon == nil || w.doneHash == w.goal.addon.Hash
}

// ready marks an addon hash as having been applied and, perhaps, healthy, on
// most nodes at least, and wakes those who wait for that.
func (w *worker) ready(addon *plan.Addon, healthy, mostly bool) {
	w.mu.Lock()
	before := [...]string{w.doneHash, w.mostlyHash, w.readyHash}
	w.doneHash = addon.Hash
	if mostly {
		w.mostlyHash = addon.Hash
	}
	if healthy {
		w.readyHash = addon.Hash
	}
	news := before != [...]string{w.doneHash, w.mostlyHash, w.readyHash}
	w.mu.Unlock()
	if !news {
		return
	}
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	for _, other := range w.m.workers {
		if addon.Network || other.name == object.Manager || slices.Contains(other.wants(), w.name) {
			other.poke()
		}
	}
}
