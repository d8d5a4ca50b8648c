package manager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
	"turnup.dev/kubectl-turnup/addon-manager/source"
)

// revise makes a tree the goal of all workers. instead says why it is not the
// newest: then it may lack what the newest has, and nothing is pruned.
func (m *Manager) revise(ctx context.Context, tree source.Tree, instead error) {
	begin := time.Now()
	built := m.builder.Build(tree.Files)
	m.metrics.Built(time.Since(begin), m.builder.Built())
	m.mu.Lock()
	addons := plan.Make(built, build.Value(tree.Files, "network_provider"), m.holder)
	m.mu.Unlock()
	kept, approves := m.lastGood(ctx, addons), m.approves(ctx, tree)
	m.mu.Lock()
	problems := build.Problems(tree.Files)
	frozen := frozen(built, problems)
	if instead != nil {
		frozen = fmt.Sprintf("an older revision is in force, and nothing is pruned: %v", instead)
	}
	m.instead = instead != nil
	m.tree, m.since = tree.Slim(), time.Now()
	m.generation++
	m.resume(kept, frozen)
	m.aim(ctx, addons, frozen)
	m.retireOthers(addons, frozen)
	m.cede(addons)
	m.own(addons)
	if approves {
		m.approve()
	}
	m.weigh()
	m.mu.Unlock()
	m.origin.mu.Lock()
	m.origin.usable = usable(addons, problems)
	m.origin.mu.Unlock()
	m.metrics.InForce(tree.Revision, tree.Pushed)
	m.tellSource()
	m.wakeAll()
}

// resume gives workers that know of no plan yet the last that was good; m.mu is held.
func (m *Manager) resume(kept map[string]plan.Addon, frozen string) {
	for name, old := range kept {
		m.workers[name].aim(&old, m.tree.Revision, m.generation, frozen)
	}
}

// aim gives each addon's worker its plan; m.mu is held.
func (m *Manager) aim(ctx context.Context, addons []plan.Addon, frozen string) {
	for i := range addons {
		addon := &addons[i]
		w := m.workers[addon.Name]
		if w == nil {
			w = m.start(ctx, addon.Name, nil)
		}
		if addon.Err != nil {
			m.log.Error("addon not usable", "addon", addon.Name, "revision", m.tree.Revision, "error", addon.Err)
		}
		w.aim(addon, m.tree.Revision, m.generation, frozen)
	}
}

// retireOthers takes leave of the addons that are not in the tree; m.mu is held.
func (m *Manager) retireOthers(addons []plan.Addon, frozen string) {
	inTree := map[string]bool{}
	for _, addon := range addons {
		inTree[addon.Name] = true
	}
	hold := ""
	if len(addons) == 0 {
		hold = "the addon tree is empty; nothing is pruned"
		m.log.Error("tree is empty: nothing is pruned", "revision", m.tree.Revision)
	}
	for name, w := range m.workers {
		if !inTree[name] {
			w.leave(m.tree.Revision, m.generation, hold, frozen)
		}
	}
	for _, name := range m.writer.Names() {
		if m.workers[name] == nil {
			m.writer.Remove(name)
		}
	}
}

// frozen says why nothing at all may be pruned: as long as an addon does not
// build, nobody knows what it would have declared.
func frozen(built []build.Addon, problems []error) string {
	for _, problem := range problems {
		return fmt.Sprintf("%v; nothing is pruned until it is settled", problem)
	}
	for _, b := range built {
		if b.Err != nil {
			return fmt.Sprintf("addon %s does not build; nothing is pruned until it does", b.Name)
		}
	}
	return ""
}

// usable says what is wrong with a tree as a whole.
func usable(addons []plan.Addon, problems []error) error {
	if len(addons) == 0 {
		problems = append(problems, errors.New("the addon tree is empty; nothing is pruned"))
	}
	return errors.Join(problems...)
}

// approves tells whether a revision's message approves what it takes away. That
// of one which is rolled back to is no word on what came after it.
func (m *Manager) approves(ctx context.Context, tree source.Tree) bool {
	push := tree.Revision + " " + tree.Pushed.String()
	if !plan.Approves(tree.Message) || m.approved[push] {
		return false
	}
	m.approved[push] = true
	heads, err := source.Revisions(ctx, m.config)
	if err != nil {
		m.log.Warn("older revisions not read; the commit's message approves nothing", "revision", tree.Revision, "error", err)
		return false
	}
	return !slices.ContainsFunc(heads, func(h source.Head) bool { return h.Pushed.After(tree.Pushed) })
}

// approve agrees to everything that the revision takes away; m.mu is held.
func (m *Manager) approve() {
	for _, w := range m.workers {
		for _, entry := range w.undeclared() {
			if m.owners[entry.Ref] == "" && !entry.Keep {
				entry.Approved = true
				w.own(entry.Ref, &entry)
			}
		}
	}
}

// weigh holds what the tree takes away against the budget; m.mu is held.
func (m *Manager) weigh() {
	owned, doomed := 0, 0
	for _, w := range m.workers {
		owned += w.size()
		for _, entry := range w.undeclared() {
			// What was announced and never applied takes nothing away.
			if m.owners[entry.Ref] == "" && !entry.Keep && !entry.Approved && entry.Print != "" {
				doomed++
			}
		}
	}
	over := ""
	if plan.Over(owned, doomed, m.asks.origin().PruneBudget) {
		over = fmt.Sprintf("the tree would delete %d of %d objects, more than its budget", doomed, owned)
		m.log.Warn("prune budget exceeded: nothing is pruned until it is approved", "objects", doomed, "of", owned, "revision", m.tree.Revision)
	}
	for _, w := range m.workers {
		w.budget(over)
	}
}
