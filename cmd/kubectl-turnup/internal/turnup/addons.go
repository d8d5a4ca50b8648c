package turnup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/manifests"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/serverside"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Where the addon manager runs.
const (
	managerNamespace = "turnup-system"
	managerSelector  = "app.kubernetes.io/name=addon-manager"
)

const managerBudget = 2 * time.Minute

// DeployAddons is phase 3: the addon manager runs and has the addon tree. It
// returns once every addon is healthy.
func (t *Turnup) DeployAddons(ctx context.Context) error {
	to, err := t.connect()
	if err != nil {
		return err
	}
	if err := t.deployManager(ctx, to); err != nil {
		return err
	}
	shipped, err := t.pushTree(ctx, to)
	if err != nil {
		return err
	}
	return t.await(ctx, to, shipped)
}

// deployManager applies the addon manager's manifests.
func (t *Turnup) deployManager(ctx context.Context, to *access) error {
	file, err := t.Home.ReadMachines()
	if err != nil {
		return err
	}
	return t.step(ctx, "deploy the addon manager", managerBudget, func(ctx context.Context, step *ui.Step) error {
		objects, err := t.managerObjects(file.Endpoint)
		if err != nil {
			return err
		}
		return applyAll(ctx, to, objects, step)
	})
}

// shipment is a tree that the cluster has: what its addons are held against.
type shipment struct {
	revision string
	addons   []string
}

// pushTree pushes the addon tree. Where there is none yet, it writes one. Where
// there is none but the cluster has one, the cluster keeps it: the command was
// run somewhere else, and a new tree would take away what the user added.
func (t *Turnup) pushTree(ctx context.Context, to *access) (shipment, error) {
	file, err := t.Home.ReadMachines()
	if err != nil {
		return shipment{}, err
	}
	tree, err := OpenTree(t.Config, file.Endpoint)
	if err != nil {
		return shipment{}, err
	}
	if !tree.exists() {
		kept, err := kept(ctx, to)
		if err == nil {
			t.Out.Warnf("there is no addon tree %s: the cluster keeps the one it has (%s)", tree.Dir, short(kept.revision))
		}
		if !errors.Is(err, source.ErrNone) {
			return kept, err
		}
	}
	made, err := tree.Init(ctx, t.Config)
	if err != nil {
		return shipment{}, err
	}
	if made {
		t.Out.Printf("wrote the addon tree %s: it is yours", relative(tree.Dir))
	}
	return t.push(ctx, to, tree)
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
	return shipment{head.Revision, build.Addons(content.Files)}, nil
}

func (t *Turnup) managerObjects(endpoint string) ([]*unstructured.Unstructured, error) {
	host, port, err := net.SplitHostPort(endpoint)
	if err != nil {
		return nil, fmt.Errorf("read endpoint %q: %w", endpoint, err)
	}
	set := images.For(t.Config.Bootstrap.KubernetesVersion, t.Config.Bootstrap.Registry)
	return manifests.Render(manifests.Options{
		Image: set.Ref(images.AddonManager), APIHost: host, APIPort: port,
		Interval: time.Duration(t.Config.Addons.Interval) * time.Second,
	})
}

// applyAll applies objects in order.
func applyAll(ctx context.Context, to *access, objects []*unstructured.Unstructured, step *ui.Step) error {
	for _, object := range objects {
		if err := serverside.Apply(ctx, to.dynamic, object, managerBudget, step.See); err != nil {
			return fmt.Errorf("apply %s: %w", serverside.Title(object), err)
		}
	}
	return nil
}

// Push ships the addon tree into the cluster: what is committed or, with dirty,
// what is on disk. With wait it returns once every addon is healthy.
func (t *Turnup) Push(ctx context.Context, dirty, wait bool) error {
	to, err := t.connect()
	if err != nil {
		return err
	}
	file, err := t.Home.ReadMachines()
	if err != nil {
		return err
	}
	tree, err := OpenTree(t.Config, file.Endpoint)
	if err != nil {
		return err
	}
	content, err := tree.Read(ctx, dirty)
	if err != nil {
		return err
	}
	shipped, err := t.ship(ctx, to, content)
	if err != nil || !wait {
		return err
	}
	return t.step(ctx, "addons healthy", healthyBudget, func(ctx context.Context, step *ui.Step) error {
		return awaitAddons(ctx, to, shipped, step)
	})
}

// push is Push for create: a tree with uncommitted changes is no reason to stop
// there. What is committed is shipped, and a tree that never was, as it is.
func (t *Turnup) push(ctx context.Context, to *access, tree Tree) (shipment, error) {
	content, err := tree.Read(ctx, false)
	switch {
	case errors.Is(err, ErrNoGit):
		t.Out.Warnf("%v: shipping it as it is on disk", err)
		content, err = tree.Read(ctx, true)
	case errors.Is(err, ErrNeverCommitted):
		t.Out.Warnf("%v: shipping it as it is on disk; commit it to make it yours", err)
		content, err = tree.Read(ctx, true)
	case errors.Is(err, ErrUncommitted):
		t.Out.Warnf("%v\nshipping the last commit", err)
		content, err = tree.Committed(ctx)
	}
	if err != nil {
		return shipment{}, err
	}
	return t.ship(ctx, to, content)
}

// ship pushes a tree, unless the cluster has just that one.
func (t *Turnup) ship(ctx context.Context, to *access, content source.Tree) (shipment, error) {
	step := t.Out.Step("push the addon tree", managerBudget)
	_, sum, err := source.Pack(content.Files)
	if err != nil {
		return shipment{}, step.End(err)
	}
	names := build.Addons(content.Files)
	current, err := source.Current(ctx, to.typed.CoreV1())
	if err == nil && current.SHA256 == sum && (current.Revision == content.Revision || content.Revision == "") {
		step.Skip("the cluster has it: " + short(current.Revision))
		return shipment{current.Revision, names}, nil
	}
	head, err := source.Push(ctx, to.typed.CoreV1(), content)
	if err != nil {
		return shipment{}, step.End(err)
	}
	step.Done(short(head.Revision))
	return shipment{head.Revision, names}, nil
}

// short is a revision as people read it.
func short(revision string) string {
	const hash = 40
	if len(revision) >= hash {
		return revision[:12] + revision[hash:]
	}
	return revision
}
