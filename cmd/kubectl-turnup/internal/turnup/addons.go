package turnup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/manifests"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/gitsource"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/tree"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// InitTree writes an addon tree or brings the one that is there up to date: for
// a cluster of ours what its config asks for, else a small one that explains
// itself, where there is none. The config is --config, else .config.json, else
// that of the cluster there is a record of; no cluster needs to exist.
func InitTree(ctx context.Context, req addons.Request, how tree.Updating) (tree.Updated, error) {
	own, err := describedBy(req)
	if err != nil {
		return tree.Updated{}, err
	}
	if own != nil {
		return own.updateTree(ctx, req.Tree, how)
	}
	m, err := addons.Open(req)
	if err != nil {
		return tree.Updated{}, err
	}
	if own := ownerOf(m); own != nil {
		return own.updateTree(ctx, m.Dir(), how)
	}
	return tree.Start(ctx, m.Dir(), how)
}

// describedBy is the cluster that a config of the user's describes; nil where there
// is none, or another cluster is named.
func describedBy(req addons.Request) (*Turnup, error) {
	_, err := os.Stat(home.DefaultConfigFile)
	if req.Given() || req.ConfigFile == "" && err != nil {
		return nil, nil
	}
	cfg, err := home.Resolve(req.Request)
	if err != nil {
		return nil, err
	}
	dir, err := home.Of(req.Base, cfg.Cluster.Name).Absolute()
	if err != nil {
		return nil, err
	}
	return &Turnup{Home: dir, Config: cfg, Out: req.Out}, nil
}

// ownerOf is the cluster of a manager; nil where turnup did not create it.
func ownerOf(m *addons.Manager) *Turnup {
	own := m.Own()
	if own == nil {
		return nil
	}
	return &Turnup{Home: own.Home, Config: own.Config, Out: m.Out}
}

// updateTree brings the tree of this cluster up to date; dir is "" for the config's.
func (t *Turnup) updateTree(ctx context.Context, dir string, how tree.Updating) (tree.Updated, error) {
	file, err := t.expectedMachines()
	if err != nil {
		return tree.Updated{}, err
	}
	own, err := tree.Open(t.Config, file)
	if err != nil {
		return tree.Updated{}, err
	}
	if dir != "" {
		if own.Dir, err = filepath.Abs(dir); err != nil {
			return tree.Updated{}, fmt.Errorf("find the addon tree: %w", err)
		}
	}
	update, err := own.Update(ctx, t.Config, how)
	if err != nil || how.DryRun {
		return update, err
	}
	broken, err := own.Broken()
	for _, problem := range broken {
		t.Out.Warnf("%v", problem)
	}
	return update, err
}

// Deploy is phase 3 for a verb that may be about any cluster: one of ours is made
// as its config says, another one as d says.
func Deploy(ctx context.Context, m *addons.Manager, d addons.Deployment) error {
	own := ownerOf(m)
	if own == nil {
		return m.Deploy(ctx, d)
	}
	if d.Asks() {
		return ui.Hint(fmt.Errorf("%s is made from its config, so deploy takes no flags of the source or the manager there", m.Title()),
			"set it in the config (addons.source, addons.git.*), then deploy without these flags")
	}
	unlock, err := own.Home.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	m.Out.Printf("on %s", m.Title())
	return own.DeployAddons(ctx)
}

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
	shipped, err := t.provideTree(ctx, to)
	if err != nil {
		return err
	}
	return t.await(ctx, to, shipped)
}

// deployManager applies the addon manager's manifests.
func (t *Turnup) deployManager(ctx context.Context, to *cluster.Access) error {
	file, err := t.Home.ReadMachines()
	if err != nil {
		return err
	}
	step := t.Out.Step("deploy the addon manager", addons.Budget)
	objects, err := t.managerObjects(file)
	if err != nil {
		return step.End(err)
	}
	rules, err := addons.Install(ctx, to, objects, gitsource.CredentialsOf(t.Config), step)
	if err == nil && rules {
		step.Skip(addons.RuledByTree)
		return nil
	}
	return step.End(err)
}

func (t *Turnup) managerObjects(file machines.File) ([]*unstructured.Unstructured, error) {
	host, port, err := net.SplitHostPort(file.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("read endpoint %q: %w", file.Endpoint, err)
	}
	set := config.Images(t.Config)
	return manifests.Render(manifests.Options{
		Image: set.Ref(images.AddonManager), APIHost: host, APIPort: port,
		Interval: tree.ManagerInterval(t.Config), Replicas: tree.ManagerReplicas(file),
		Source: gitsource.Spec(t.Config),
	})
}

// provideTree is what create does for a tree: it pushes the one on disk, or
// waits until the manager has read the git repository that has it.
func (t *Turnup) provideTree(ctx context.Context, to *cluster.Access) (addons.Shipment, error) {
	provide, err := t.prepareTree(ctx, to)
	if err != nil {
		return addons.Shipment{}, err
	}
	return provide(ctx)
}

// shipping brings a tree that was prepared into the cluster.
type shipping func(context.Context) (addons.Shipment, error)

// prepareTree writes and reads the tree on disk, which needs no node, and returns
// what is left to do.
func (t *Turnup) prepareTree(ctx context.Context, to *cluster.Access) (shipping, error) {
	if t.Config.Addons.Source != api.Git {
		return t.preparePush(ctx, to)
	}
	return func(ctx context.Context) (addons.Shipment, error) {
		if err := addons.AwaitFetched(ctx, t.Out, to, addons.FetchBudget); err != nil {
			return addons.Shipment{}, err
		}
		return addons.Kept(ctx, to)
	}, nil
}

// preparePush reads the addon tree. Where there is none yet, it writes one. Where
// there is none but the cluster has one, the cluster keeps it: the command was
// run somewhere else, and a new tree would take away what the user added.
func (t *Turnup) preparePush(ctx context.Context, to *cluster.Access) (shipping, error) {
	file, err := t.Home.ReadMachines()
	if err != nil {
		return nil, err
	}
	own, err := tree.Open(t.Config, file)
	if err != nil {
		return nil, err
	}
	if !own.Exists() {
		has, err := addons.Kept(ctx, to)
		switch {
		case err == nil:
			t.Out.Warnf("there is no addon tree %s: the cluster keeps the one it has (%s)", own.Dir, addons.Short(has.Revision))
			return func(context.Context) (addons.Shipment, error) { return has, nil }, nil
		case !errors.Is(err, source.ErrNone):
			return nil, err
		}
	}
	made, err := own.Init(ctx, t.Config)
	if err != nil {
		return nil, err
	}
	if made {
		t.Out.Printf("wrote the addon tree %s: it is yours", ui.Relative(own.Dir))
	}
	content, err := own.ReadLenient(ctx, t.Out)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (addons.Shipment, error) { return addons.Ship(ctx, t.Out, to, content) }, nil
}
