package manager

import (
	"context"
	"slices"

	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
	"turnup.dev/kubectl-turnup/addon-manager/source"
)

// lastGood finds, for addons that do not build and that this process has never
// seen working, the newest revision in which they do: a restart must not end
// the enforcing of what was true before.
func (m *Manager) lastGood(ctx context.Context, built []build.Addon) map[string]plan.Addon {
	orphans := m.orphans(built)
	if len(orphans) == 0 {
		return nil
	}
	claimed := map[object.Ref]bool{}
	for _, b := range built {
		for _, o := range b.Objects {
			claimed[o.Ref] = true
		}
	}
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

// orphans are the addons that own something, do not build, and have no goal.
func (m *Manager) orphans(built []build.Addon) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for _, b := range built {
		if w := m.workers[b.Name]; b.Err != nil && w != nil && w.size() > 0 && w.snapshot().addon == nil {
			names = append(names, b.Name)
		}
	}
	return names
}
