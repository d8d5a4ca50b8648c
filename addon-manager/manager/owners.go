package manager

import (
	"maps"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
)

// own records who declares what; m.mu is held. What an addon with a wrong plan
// declares and nobody has taken over yet counts as well: the tree has it.
func (m *Manager) own(addons []plan.Addon) {
	m.owners = map[object.Ref]string{}
	for name, w := range m.workers {
		for _, ref := range w.declared() {
			m.owners[ref] = name
		}
	}
	needed := map[string]object.Ref{}
	for _, addon := range addons {
		for _, o := range addon.Objects {
			if m.owners[o.Ref] == "" {
				m.owners[o.Ref] = addon.Name
			}
			for _, claim := range o.Claims {
				needed[claim] = o.Ref
			}
		}
	}
	maps.DeleteFunc(m.wanted, func(claim string, claimant object.Ref) bool { return needed[claim] != claimant })
}

// cede takes out of each plan that is only in force because the addon's newest is
// wrong or empty what another addon declares by now; m.mu is held.
func (m *Manager) cede(addons []plan.Addon) {
	claimed := claimed(addons)
	for _, w := range m.workers {
		w.cede(claimed)
	}
}

// claimed is what the addons declare whose plans can be used.
func claimed(addons []plan.Addon) map[object.Ref]bool {
	refs := map[object.Ref]bool{}
	for _, addon := range addons {
		if addon.Err != nil {
			continue
		}
		for _, o := range addon.Objects {
			refs[o.Ref] = true
		}
	}
	return refs
}

// holder says which addon has applied an object; m.mu is held.
func (m *Manager) holder(ref object.Ref) string {
	for name, w := range m.workers {
		if w.owns(ref) {
			return name
		}
	}
	return ""
}

// declares returns the addon whose tree has an object, "" for none.
func (m *Manager) declares(ref object.Ref) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.owners[ref]
}

// took wakes who had an object until now: it can hand it over.
func (m *Manager) took(by *worker, ref object.Ref) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.workers {
		if w == by {
			continue
		}
		if _, had := w.entry(ref); had {
			w.poke()
		}
	}
}

// alias tells whether a uid is that of an object which the tree declares.
func (m *Manager) alias(ref object.Ref) func(uid string) bool {
	return func(uid string) bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		for other, addon := range m.owners {
			if other == ref || other.Name != ref.Name || other.Namespace != ref.Namespace || m.workers[addon] == nil {
				continue
			}
			if entry, known := m.workers[addon].entry(other); known && entry.UID == uid {
				return true
			}
		}
		return false
	}
}

// touched wakes the worker whose object changed.
func (m *Manager) touched(ref object.Ref) {
	m.mu.Lock()
	w := m.workers[m.owners[ref]]
	m.mu.Unlock()
	if w != nil {
		w.poke()
	}
}

// listed wakes everybody who may have lost or gained an object of a kind.
func (m *Manager) listed(schema.GroupKind) { m.wakeAll() }

// kinds are those of everything that is owned or declared.
func (m *Manager) kinds() map[schema.GroupKind]bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	kinds := map[schema.GroupKind]bool{}
	for ref := range m.owners {
		kinds[ref.GroupKind()] = true
	}
	for _, w := range m.workers {
		w.mu.Lock()
		for ref := range w.inventory {
			kinds[ref.GroupKind()] = true
		}
		w.mu.Unlock()
	}
	return kinds
}

// want makes addons give up what they own, do not declare, and an object that
// is declared needs now: an address or a port that only one object can have.
func (m *Manager) want(claimant object.Ref, claims []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	news := false
	for _, claim := range claims {
		news = news || m.wanted[claim] != claimant
		m.wanted[claim] = claimant
	}
	if news {
		m.pokeAll()
	}
}

// freed tells those who wait for claims that the object which had them is gone.
func (m *Manager) freed(holder object.Ref, claims []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, claim := range claims {
		claimant, wanted := m.wanted[claim]
		if !wanted || claimant == holder {
			continue
		}
		if w := m.workers[m.owners[claimant]]; w != nil {
			w.hurry.Store(true)
			w.poke()
		}
	}
}

// stands tells whether an object that leaves stands in the way of one that is
// declared.
func (m *Manager) stands(ref object.Ref, claims []string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, claim := range claims {
		claimant, wanted := m.wanted[claim]
		if wanted && claimant != ref && m.owners[claimant] != "" {
			return true
		}
	}
	return false
}
