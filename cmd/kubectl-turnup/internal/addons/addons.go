// Package addons is the addon manager's side of a cluster, one of ours or any other:
// the verbs of `kubectl turnup addons`, and what phase 3 of the story does with it.
package addons

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/tree"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Request is what a user says of the cluster whose addons a verb is about.
type Request struct {
	home.Request
	// Connection leads to a cluster that turnup need not have created.
	cluster.Connection
	// Tree is the directory of the addon tree; "" is the config's, or ./addons.
	Tree string
	Out  *ui.Output
}

// DefaultTree is the directory of the addon tree of a cluster without a config.
const DefaultTree = "addons"

// Manager is the addon manager of one cluster, and the addon tree that it is to get.
type Manager struct {
	Out *ui.Output
	// own is nil where turnup did not create the cluster.
	own   *Own
	other clientcmd.ClientConfig
	title string
	dir   string
	to    *cluster.Access
	// words are the flags by which another process finds the same cluster and tree.
	words []string
	// secret is the flag among them that must not be written down; "" for none.
	secret string
}

// Own is a cluster that turnup created.
type Own struct {
	Home   home.Home
	Config config.Cluster
}

// Open finds the cluster, and connects to nothing yet. The rule: with
// --context, --kubeconfig or another flag that leads to one, or where turnup has no record of a cluster, it is
// the kubeconfig's; else it is the record's.
func Open(req Request) (*Manager, error) {
	a := &Manager{Out: req.Out, dir: req.Tree}
	elsewhere := req.Given()
	if elsewhere && req.Name != "" {
		return nil, ui.Hint(fmt.Errorf("%s names a cluster that turnup created, and --context or --kubeconfig any cluster", req.Name), "give one of the two")
	}
	if !elsewhere && req.Name == "" {
		names, err := home.List(req.Base)
		if err != nil {
			return nil, err
		}
		elsewhere = len(names) == 0
	}
	if elsewhere {
		return a, a.openOther(req)
	}
	return a, a.openOwn(req)
}

func (a *Manager) openOwn(req Request) error {
	dir, cfg, err := home.Find(req.Request)
	if err != nil {
		return err
	}
	if dir, err = dir.Absolute(); err != nil {
		return err
	}
	a.own = &Own{Home: dir, Config: cfg}
	a.title = fmt.Sprintf("the cluster %s (%s)", cfg.Cluster.Name, ui.Relative(dir.Dir))
	a.words = []string{"--dir", filepath.Dir(dir.Dir), "--name", cfg.Cluster.Name}
	if a.dir == "" {
		a.dir = filepath.FromSlash(cfg.Addons.Path)
	}
	return a.absolute()
}

func (a *Manager) openOther(req Request) error {
	a.other, a.secret = req.ClientConfig(), req.Secret
	file := req.Kubeconfig
	if list := filepath.SplitList(os.Getenv(clientcmd.RecommendedConfigPathEnvVar)); file == "" && len(list) == 1 {
		file = list[0]
	}
	if file != "" {
		path, err := filepath.Abs(file)
		if err != nil {
			return fmt.Errorf("find the kubeconfig: %w", err)
		}
		a.words = append(a.words, "--kubeconfig", path)
	}
	// Pinned: a hook must not follow whoever changes the current context later.
	name := req.Context
	if raw, err := a.other.RawConfig(); err == nil && name == "" {
		name = raw.CurrentContext
	}
	if name != "" {
		a.words = append(a.words, "--context", name)
	}
	a.words = append(a.words, req.Words...)
	if a.dir == "" {
		a.dir = DefaultTree
	}
	return a.absolute()
}

func (a *Manager) absolute() (err error) {
	if a.dir, err = filepath.Abs(a.dir); err != nil {
		return fmt.Errorf("find the addon tree: %w", err)
	}
	a.words = append(a.words, "--tree", a.dir)
	return nil
}

// Own is the cluster where turnup created it, else nil.
func (a *Manager) Own() *Own { return a.own }

// Title says which cluster it is. That of another one is known once it was asked.
func (a *Manager) Title() string { return a.title }

// Dir is the directory of the addon tree, whether it is there or not.
func (a *Manager) Dir() string { return a.dir }

// tree is the addon tree on disk.
func (a *Manager) tree() (tree.Tree, error) {
	if a.own == nil {
		return tree.Tree{Dir: a.dir}, nil
	}
	file, err := a.own.Home.ReadMachines()
	if err != nil {
		return tree.Tree{}, err
	}
	own, err := tree.Open(a.own.Config, file)
	own.Dir = a.dir
	return own, err
}

// connect makes the clients, once, and says which cluster it is.
func (a *Manager) connect() (*cluster.Access, error) {
	if a.to != nil {
		return a.to, nil
	}
	to, err := a.reach()
	if err != nil {
		return nil, err
	}
	a.Out.Printf("on %s", a.title)
	a.to = to
	return to, nil
}

func (a *Manager) reach() (*cluster.Access, error) {
	if a.own != nil {
		return cluster.Of(a.own.Home)
	}
	config, err := a.other.ClientConfig()
	if clientcmd.IsEmptyConfig(err) || errors.Is(err, rest.ErrNotInCluster) {
		return nil, ui.Hint(errors.New("turnup has no record of a cluster here, and no kubeconfig leads to one"),
			"`kubectl turnup create` makes a cluster; --dir says where clusters are kept, --context and --kubeconfig lead to any other")
	}
	if err != nil {
		return nil, ui.Hint(fmt.Errorf("read the kubeconfig: %w", err), "`kubectl config get-contexts` lists the contexts there are")
	}
	a.title = "the cluster at " + config.Host
	if raw, err := a.other.RawConfig(); err == nil {
		name := raw.CurrentContext
		for i, word := range a.words {
			if word == "--context" {
				name = a.words[i+1]
			}
		}
		if name != "" {
			a.title = fmt.Sprintf("the context %s (%s)", name, strings.TrimSuffix(config.Host, "/"))
		}
	}
	return cluster.New(config)
}
