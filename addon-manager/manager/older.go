package manager

import (
	"context"
	"slices"

	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
	"turnup.dev/kubectl-turnup/addon-manager/source"
)

// lastGood finds, for addons that cannot be used as they are and that this process
// has never seen working, the newest revision in which they can: a restart must not
// end the enforcing of what was true before.
func (m *Manager) lastGood(ctx context.Context, addons []plan.Addon) map[string]plan.Addon {
	orphans := m.orphans(addons)
	if len(orphans) == 0 {
		return nil
	}
	claimed := claimed(addons)
	kept := map[string]plan.Addon{}
	heads, err := source.Revisions(ctx, m.config)
	if err != nil {
		m.log.Warn("older revisions not read", "error", err)
		return nil
	}
	for _, head := range heads {
		tree, err := source.Read(ctx, m.config, head)
		if err != nil {
			continue
		}
		for _, name := range orphans {
			if _, found := kept[name]; found {
				continue
			}
			old, err := build.One(tree.Files, name)
			if err != nil || len(old.Objects) == 0 {
				continue
			}
			// What another addon declares by now is not this one's any more.
			old.Objects = slices.DeleteFunc(old.Objects, func(o plan.Object) bool { return claimed[o.Ref] })
			// Who it waits for may have left since.
			old.DependsOn = nil
			planned := plan.Make([]build.Addon{old}, build.Value(tree.Files, "network_provider"), func(object.Ref) string { return "" })[0]
			if planned.Err == nil {
				kept[name] = planned
				m.log.Warn("addon kept as it was", "addon", name, "revision", head.Revision)
			}
		}
		if len(kept) == len(orphans) {
			break
		}
	}
	return kept
}

// orphans are the addons that own something and have no goal, where the tree has
// none for them: they cannot be used, build to nothing, or the whole tree is empty.
func (m *Manager) orphans(addons []plan.Addon) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	usable := map[string]bool{}
	for _, addon := range addons {
		usable[addon.Name] = addon.Err == nil && len(addon.Objects) > 0
	}
	var names []string
	for name, w := range m.workers {
		_, inTree := usable[name]
		if !usable[name] && (inTree || len(addons) == 0) && w.size() > 0 && w.snapshot().addon == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
