package turnup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// shipment is a tree that the cluster has: what its addons are held against.
type shipment struct {
	revision string
	addons   []string
	// hashes are what each addon's status.treeHash is once it is in force.
	hashes map[string]string
	// partial: the cluster's other addons do not matter.
	partial bool
	// news is false where the cluster had the tree already.
	news bool
}

// shipmentOf describes a tree.
func shipmentOf(revision string, files map[string][]byte) shipment {
	hashes := build.Hashes(files)
	return shipment{revision: revision, addons: slices.Sorted(maps.Keys(hashes)), hashes: hashes}
}

// Pushing is how a push is done.
type Pushing struct {
	// Dirty ships the files as they are on disk.
	Dirty bool
	// Force pushes although the cluster follows a git repository.
	Force bool
	Wait  bool
	// Timeout bounds all of it; 0 is the budget of the wait.
	Timeout time.Duration
}

// Pushed is what a push came to.
type Pushed struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Revision   string `json:"revision"`
	// Changed is false where the cluster had just that tree.
	Changed bool     `json:"changed"`
	Addons  []string `json:"addons"`
}

// Push ships the addon tree into the cluster: what is committed or, with dirty,
// what is on disk. With wait it returns once every addon is true to it.
func (a *Addons) Push(ctx context.Context, p Pushing) (Pushed, error) {
	if p.Timeout > 0 {
		limited, cancel := context.WithTimeout(ctx, p.Timeout)
		defer cancel()
		ctx = limited
	}
	to, err := a.connect()
	if err != nil {
		return Pushed{}, err
	}
	tree, err := a.tree()
	if err != nil {
		return Pushed{}, err
	}
	content, err := tree.Read(ctx, p.Dirty)
	if err != nil {
		return Pushed{}, err
	}
	if err := shippable(content); err != nil {
		return Pushed{}, err
	}
	if err := a.pushable(ctx, to, p.Force); err != nil {
		return Pushed{}, err
	}
	shipped, err := ship(ctx, a.Out, to, content)
	if err != nil {
		return Pushed{}, err
	}
	pushed := Pushed{
		APIVersion: api.GroupVersion().String(), Kind: "Push",
		Revision: shipped.revision, Changed: shipped.news, Addons: shipped.addons,
	}
	if !p.Wait {
		return pushed, nil
	}
	budget := p.Timeout
	if budget <= 0 {
		budget = healthyBudget
	}
	return pushed, awaitHealthy(ctx, a.Out, to, shipped, budget)
}

// pushable refuses a push that the next commit of a git source would undo.
func (a *Addons) pushable(ctx context.Context, to *access, force bool) error {
	from, err := readSource(ctx, to)
	if err != nil || from.Spec.Type != api.Git {
		return err
	}
	url := ""
	if from.Spec.Git != nil {
		url = from.Spec.Git.URL
	}
	if !force {
		return ui.Hint(fmt.Errorf("%w, %s: what is pushed would last until its next commit", ErrGitSource, url),
			"commit there, then `kubectl turnup addons reconcile`; or push with --force after `kubectl turnup addons suspend`")
	}
	if !from.Spec.Suspend {
		a.Out.Warnf("%v, %s: its next commit replaces what is pushed; `kubectl turnup addons suspend` stops that", ErrGitSource, url)
	}
	return nil
}

// provideTree is what create does for a tree: it pushes the one on disk, or
// waits until the manager has read the git repository that has it.
func (t *Turnup) provideTree(ctx context.Context, to *access) (shipment, error) {
	provide, err := t.prepareTree(ctx, to)
	if err != nil {
		return shipment{}, err
	}
	return provide(ctx)
}

// shipping brings a tree that was prepared into the cluster.
type shipping func(context.Context) (shipment, error)

// prepareTree writes and reads the tree on disk, which needs no node, and returns
// what is left to do.
func (t *Turnup) prepareTree(ctx context.Context, to *access) (shipping, error) {
	if t.Config.Addons.Source != api.Git {
		return t.preparePush(ctx, to)
	}
	return func(ctx context.Context) (shipment, error) {
		if err := awaitFetched(ctx, t.Out, to, fetchBudget); err != nil {
			return shipment{}, err
		}
		return kept(ctx, to)
	}, nil
}

// preparePush reads the addon tree. Where there is none yet, it writes one. Where
// there is none but the cluster has one, the cluster keeps it: the command was
// run somewhere else, and a new tree would take away what the user added.
func (t *Turnup) preparePush(ctx context.Context, to *access) (shipping, error) {
	file, err := t.Home.ReadMachines()
	if err != nil {
		return nil, err
	}
	tree, err := OpenTree(t.Config, file)
	if err != nil {
		return nil, err
	}
	if !tree.exists() {
		has, err := kept(ctx, to)
		switch {
		case err == nil:
			t.Out.Warnf("there is no addon tree %s: the cluster keeps the one it has (%s)", tree.Dir, short(has.revision))
			return func(context.Context) (shipment, error) { return has, nil }, nil
		case !errors.Is(err, source.ErrNone):
			return nil, err
		}
	}
	made, err := tree.Init(ctx, t.Config)
	if err != nil {
		return nil, err
	}
	if made {
		t.Out.Printf("wrote the addon tree %s: it is yours", relative(tree.Dir))
	}
	content, err := readLenient(ctx, t.Out, tree)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (shipment, error) { return ship(ctx, t.Out, to, content) }, nil
}

// kept is the tree that the cluster has; source.ErrNone where it has none.
func kept(ctx context.Context, to *access) (shipment, error) {
	head, err := source.Current(ctx, to.typed.CoreV1())
	if err != nil {
		return shipment{}, err
	}
	content, err := source.Read(ctx, to.typed.CoreV1(), head)
	if err != nil {
		return shipment{}, err
	}
	return shipmentOf(head.Revision, content.Files), nil
}

// readLenient reads a tree for create: uncommitted changes are no reason to stop
// there. What is committed is shipped, and a tree that never was, as it is.
func readLenient(ctx context.Context, out *ui.Output, tree Tree) (source.Tree, error) {
	content, err := tree.Read(ctx, false)
	switch {
	case errors.Is(err, ErrNoGit):
		out.Warnf("%v: shipping it as it is on disk", err)
		content, err = tree.Read(ctx, true)
	case errors.Is(err, ErrNeverCommitted):
		out.Warnf("%v: shipping it as it is on disk; commit it to make it yours", err)
		content, err = tree.Read(ctx, true)
	case errors.Is(err, ErrUncommitted):
		out.Warnf("%v\nshipping the last commit", err)
		content, err = tree.Committed(ctx)
	}
	if err != nil {
		return source.Tree{}, err
	}
	return content, shippable(content)
}

// shippable refuses what no cluster should get.
func shippable(content source.Tree) error {
	if names := unresolved(content.Files); len(names) > 0 {
		return ui.Hint(fmt.Errorf("the addon tree has conflicts that are not resolved: %s", strings.Join(names, ", ")),
			"edit what is between <<<<<<< and >>>>>>> there, and commit")
	}
	return oneNetwork(content.Files)
}

// ship pushes a tree that is shippable, unless the cluster has just that one.
func ship(ctx context.Context, out *ui.Output, to *access, content source.Tree) (shipment, error) {
	step := out.Step("push the addon tree", managerBudget)
	_, sum, err := source.Pack(content.Files)
	if err != nil {
		return shipment{}, step.End(err)
	}
	shipped := shipmentOf(content.Revision, content.Files)
	current, err := source.Current(ctx, to.typed.CoreV1())
	if err == nil && current.SHA256 == sum && (current.Revision == content.Revision || content.Revision == "") {
		step.Skip("the cluster has it: " + short(current.Revision))
		shipped.revision = current.Revision
		return shipped, nil
	}
	following, _, err := api.ReadSource(ctx, to.dynamic)
	if err != nil {
		return shipment{}, step.End(err)
	}
	head, err := source.Push(ctx, to.typed.CoreV1(), content, following.Status.Revision)
	if err != nil {
		return shipment{}, step.End(err)
	}
	step.Done(fmt.Sprintf("%s: %s", short(head.Revision), listed(shipped.addons)))
	shipped.revision, shipped.news = head.Revision, true
	return shipped, nil
}

// listed counts addons and names the first of them.
func listed(addons []string) string {
	const most = 6
	switch {
	case len(addons) == 0:
		return "no addon"
	case len(addons) > most:
		return count(len(addons), "addon") + " (" + strings.Join(addons[:most], ", ") + ", …)"
	}
	return count(len(addons), "addon") + " (" + strings.Join(addons, ", ") + ")"
}

// short is a revision as people read it.
func short(revision string) string {
	const hash = 40
	if len(revision) >= hash {
		return revision[:12] + revision[hash:]
	}
	return revision
}
