package addons

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// AddonDiff is what a tree would change in the cluster.
type AddonDiff struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Revision is the tree's; "" for files on disk that no commit names.
	Revision string   `json:"revision,omitempty"`
	Changes  []Change `json:"changes"`
}

// Change is what would become of one object.
type Change struct {
	Addon string `json:"addon"`
	object.Ref
	File string `json:"file,omitempty"`
	// What is created, changed, moved, deleted, recreated, or kept where the
	// object leaves the tree and stays in the cluster.
	What string `json:"change"`
	// From is the addon that has the object now, if it is another one.
	From string `json:"from,omitempty"`
	Diff string `json:"diff,omitempty"`
}

// The changes that can happen to an object.
const (
	created   = "created"
	changed   = "changed"
	moved     = "moved"
	deleted   = "deleted"
	recreated = "recreated"
	keeps     = "kept"
)

// Empty tells whether the tree would change nothing.
func (d AddonDiff) Empty() bool {
	return !slices.ContainsFunc(d.Changes, func(c Change) bool { return c.What != keeps })
}

// Diffing is what is to be compared with the cluster.
type Diffing struct {
	// Revision is one that the cluster keeps; "" is the tree on disk as it is.
	Revision string
	// Names are the addons to look at; without any it is all of them.
	Names []string
}

// Diff says what a tree would change in the cluster, and writes nothing: every
// object is sent as a dry run under its addon's field manager. What could be
// compared is in the result also where there is an error.
func (a *Manager) Diff(ctx context.Context, d Diffing) (AddonDiff, error) {
	diff := AddonDiff{APIVersion: api.GroupVersion().String(), Kind: "AddonDiff", Changes: []Change{}}
	content, err := a.content(ctx, d.Revision)
	if err != nil {
		return diff, err
	}
	diff.Revision = content.Revision
	to, err := a.connect()
	if err != nil {
		return diff, err
	}
	built := build.New().Build(content.Files)
	owned, err := inventory.NewStore(to.Typed.CoreV1()).Load(ctx)
	if err != nil {
		return diff, err
	}
	if err := existing(d.Names, built, owned); err != nil {
		return diff, err
	}
	c := comparison{to: to, built: built, owned: owned, names: d.Names, owner: ownersOf(owned)}
	if c.kinds, err = to.Kinds(); err != nil {
		return diff, err
	}
	diff.Changes, err = c.run(ctx)
	return diff, err
}

// content is the tree to compare: on disk, or one that the cluster keeps.
func (a *Manager) content(ctx context.Context, revision string) (source.Tree, error) {
	if revision == "" {
		own, err := a.tree()
		if err != nil {
			return source.Tree{}, err
		}
		return own.Read(ctx, true)
	}
	list, err := a.Revisions(ctx)
	if err != nil {
		return source.Tree{}, err
	}
	found, err := list.find(revision)
	if err != nil {
		return source.Tree{}, err
	}
	return source.Read(ctx, a.to.Typed.CoreV1(), found.head)
}

// existing refuses names that are neither in the tree nor in the cluster.
func existing(names []string, built []build.Addon, owned map[string]inventory.Inventory) error {
	have := slices.Collect(maps.Keys(owned))
	for _, addon := range built {
		have = append(have, addon.Name)
	}
	slices.Sort(have)
	for _, name := range names {
		if !slices.Contains(have, name) {
			return ui.Hint(fmt.Errorf("there is no addon %q, neither in the tree nor in the cluster", name),
				"the addons there are: %s", strings.Join(slices.Compact(have), ", "))
		}
	}
	return nil
}

func ownersOf(owned map[string]inventory.Inventory) map[object.Ref]string {
	owner := map[object.Ref]string{}
	for addon, inventory := range owned {
		for ref := range inventory {
			owner[ref] = addon
		}
	}
	return owner
}

// comparison is one diff at work.
type comparison struct {
	to    *cluster.Access
	kinds meta.RESTMapper
	built []build.Addon
	owned map[string]inventory.Inventory
	owner map[object.Ref]string
	names []string
}

func (c comparison) wants(addon string) bool {
	return len(c.names) == 0 || slices.Contains(c.names, addon)
}

func (c comparison) run(ctx context.Context) ([]Change, error) {
	var problems []error
	declared := map[object.Ref]string{}
	broken := map[string]bool{}
	// One request each; an addon's objects keep their order in the result.
	type job struct {
		addon string
		object.Declared
	}
	var jobs []job
	wanted := map[object.Ref]string{}
	for _, addon := range c.built {
		if addon.Err != nil {
			broken[addon.Name] = true
			if c.wants(addon.Name) {
				problems = append(problems, addon.Err)
			}
		}
		for _, one := range addon.Objects {
			if other, twice := declared[one.Ref]; twice {
				problems = append(problems, fmt.Errorf("%s is declared by addon %s and by addon %s; keep it in one of them", one.Ref, other, addon.Name))
			}
			declared[one.Ref] = addon.Name
			if c.wants(addon.Name) {
				jobs = append(jobs, job{addon.Name, one})
				wanted[one.Ref] = one.Version
			}
		}
	}
	gone := c.leaving(declared, broken)
	for ref := range gone {
		wanted[ref] = c.owned[c.owner[ref]][ref].Version
	}
	live, err := c.to.Read(ctx, c.kinds, wanted)
	if err != nil {
		return nil, err
	}
	changes, failed := make([]*Change, len(jobs)), make([]error, len(jobs))
	group, each := errgroup.WithContext(ctx)
	group.SetLimit(cluster.Parallel)
	for i, job := range jobs {
		group.Go(func() error {
			changes[i], failed[i] = c.compare(each, job.addon, job.Declared, live[job.Ref], declared)
			return nil // The others go on.
		})
	}
	_ = group.Wait() // each result has its own error
	list := []Change{}
	for i, change := range changes {
		if failed[i] != nil {
			problems = append(problems, fmt.Errorf("%s (addon %s, %s): %w", jobs[i].Ref, jobs[i].addon, jobs[i].File, failed[i]))
		}
		if change != nil {
			list = append(list, *change)
		}
	}
	for ref := range gone {
		if live[ref] != nil {
			list = append(list, farewellTo(c.owner[ref], ref, live[ref]))
		}
	}
	slices.SortStableFunc(list, func(x, y Change) int {
		if n := strings.Compare(x.Addon, y.Addon); n != 0 {
			return n
		}
		return x.Compare(y.Ref)
	})
	return list, errors.Join(problems...)
}

// leaving is what no addon declares any more. While one addon cannot be built
// nothing is pruned, since it may be what declares the object now; an empty tree
// prunes nothing either; and the manager never prunes itself.
func (c comparison) leaving(declared map[object.Ref]string, broken map[string]bool) map[object.Ref]bool {
	gone := map[object.Ref]bool{}
	if len(declared) == 0 || len(broken) > 0 {
		return gone
	}
	for ref, addon := range c.owner {
		if _, still := declared[ref]; !still && addon != object.Manager && c.wants(addon) {
			gone[ref] = true
		}
	}
	return gone
}

// farewellTo is the change of an object that left the tree.
func farewellTo(addon string, ref object.Ref, live *unstructured.Unstructured) Change {
	change := Change{Addon: addon, Ref: ref, What: deleted}
	if live.GetAnnotations()[api.PruneAnnotation] == "false" || live.GetLabels()[api.CompatLabel] == api.EnsureExists {
		change.What = keeps
		return change
	}
	change.Diff = unified(ref, "", live, nil)
	return change
}
