package addons

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/tree"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Shipment is a tree that the cluster has: what its addons are held against.
type Shipment struct {
	Revision string
	Addons   []string
	// hashes are what each addon's status.treeHash is once it is in force.
	hashes map[string]string
	// partial: the cluster's other addons do not matter.
	partial bool
	// news is false where the cluster had the tree already.
	news bool
}

// shipmentOf describes a tree.
func shipmentOf(revision string, files map[string][]byte) Shipment {
	hashes := build.Hashes(files)
	return Shipment{Revision: revision, Addons: slices.Sorted(maps.Keys(hashes)), hashes: hashes}
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
func (a *Manager) Push(ctx context.Context, p Pushing) (Pushed, error) {
	if p.Timeout > 0 {
		limited, cancel := context.WithTimeout(ctx, p.Timeout)
		defer cancel()
		ctx = limited
	}
	to, err := a.connect()
	if err != nil {
		return Pushed{}, err
	}
	own, err := a.tree()
	if err != nil {
		return Pushed{}, err
	}
	content, err := own.Read(ctx, p.Dirty)
	if err != nil {
		return Pushed{}, err
	}
	if err := tree.Sound(content.Files); err != nil {
		return Pushed{}, err
	}
	if err := a.pushable(ctx, to, p.Force); err != nil {
		return Pushed{}, err
	}
	shipped, err := Ship(ctx, a.Out, to, content)
	if err != nil {
		return Pushed{}, err
	}
	pushed := Pushed{
		APIVersion: api.GroupVersion().String(), Kind: "Push",
		Revision: shipped.Revision, Changed: shipped.news, Addons: shipped.Addons,
	}
	if !p.Wait {
		return pushed, nil
	}
	budget := p.Timeout
	if budget <= 0 {
		budget = HealthyBudget
	}
	return pushed, AwaitHealthy(ctx, a.Out, to, shipped, budget)
}

// pushable refuses a push that the next commit of a git source would undo.
func (a *Manager) pushable(ctx context.Context, to *cluster.Access, force bool) error {
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

// Kept is the tree that the cluster has; source.ErrNone where it has none.
func Kept(ctx context.Context, to *cluster.Access) (Shipment, error) {
	head, err := source.Current(ctx, to.Typed.CoreV1())
	if err != nil {
		return Shipment{}, err
	}
	content, err := source.Read(ctx, to.Typed.CoreV1(), head)
	if err != nil {
		return Shipment{}, err
	}
	return shipmentOf(head.Revision, content.Files), nil
}

// Ship pushes a tree that is shippable, unless the cluster has just that one.
func Ship(ctx context.Context, out *ui.Output, to *cluster.Access, content source.Tree) (Shipment, error) {
	step := out.Step("push the addon tree", Budget)
	_, sum, err := source.Pack(content.Files)
	if err != nil {
		return Shipment{}, step.End(err)
	}
	shipped := shipmentOf(content.Revision, content.Files)
	current, err := source.Current(ctx, to.Typed.CoreV1())
	if err == nil && current.SHA256 == sum && (current.Revision == content.Revision || content.Revision == "") {
		step.Skip("the cluster has it: " + Short(current.Revision))
		shipped.Revision = current.Revision
		return shipped, nil
	}
	following, _, err := api.ReadSource(ctx, to.Dynamic)
	if err != nil {
		return Shipment{}, step.End(err)
	}
	head, err := source.Push(ctx, to.Typed.CoreV1(), content, following.Status.Revision)
	if err != nil {
		return Shipment{}, step.End(err)
	}
	step.Done(fmt.Sprintf("%s: %s", Short(head.Revision), listed(shipped.Addons)))
	shipped.Revision, shipped.news = head.Revision, true
	return shipped, nil
}

// listed counts addons and names the first of them.
func listed(addons []string) string {
	const most = 6
	switch {
	case len(addons) == 0:
		return "no addon"
	case len(addons) > most:
		return ui.Count(len(addons), "addon") + " (" + strings.Join(addons[:most], ", ") + ", …)"
	}
	return ui.Count(len(addons), "addon") + " (" + strings.Join(addons, ", ") + ")"
}

// Short is a revision as people read it.
func Short(revision string) string {
	const hash = 40
	if len(revision) >= hash {
		return revision[:12] + revision[hash:]
	}
	return revision
}
