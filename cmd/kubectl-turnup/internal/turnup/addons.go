package turnup

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// AddonsRequest is what a user says of the cluster whose addons a verb is about.
type AddonsRequest struct {
	Request
	// Connection leads to a cluster that turnup need not have created.
	Connection
	// Tree is the directory of the addon tree; "" is the config's, or ./addons.
	Tree string
	Out  *ui.Output
}

// DefaultTree is the directory of the addon tree of a cluster without a config.
const DefaultTree = "addons"

// Addons is the addon manager's side of one cluster: one of ours, or any other.
type Addons struct {
	Out *ui.Output
	// own is nil where turnup did not create the cluster.
	own   *Turnup
	other clientcmd.ClientConfig
	title string
	dir   string
	to    *access
	// words are the flags by which another process finds the same cluster and tree.
	words []string
	// secret is the flag among them that must not be written down; "" for none.
	secret string
}

// OpenAddons finds the cluster, and connects to nothing yet. The rule: with
// --context, --kubeconfig or another flag that leads to one, or where turnup has no record of a cluster, it is
// the kubeconfig's; else it is the record's.
func OpenAddons(req AddonsRequest) (*Addons, error) {
	a := &Addons{Out: req.Out, dir: req.Tree}
	elsewhere := req.given()
	if elsewhere && req.Name != "" {
		return nil, ui.Hint(fmt.Errorf("%s names a cluster that turnup created, and --context or --kubeconfig any cluster", req.Name), "give one of the two")
	}
	if !elsewhere && req.Name == "" {
		names, err := Clusters(req.Base)
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

func (a *Addons) openOwn(req AddonsRequest) error {
	home, cfg, err := Find(req.Request)
	if err != nil {
		return err
	}
	if home.Dir, err = filepath.Abs(home.Dir); err != nil {
		return fmt.Errorf("find the cluster's directory: %w", err)
	}
	a.own = &Turnup{Home: home, Config: cfg, Out: req.Out}
	a.title = fmt.Sprintf("the cluster %s (%s)", cfg.Cluster.Name, relative(home.Dir))
	a.words = []string{"--dir", filepath.Dir(home.Dir), "--name", cfg.Cluster.Name}
	if a.dir == "" {
		a.dir = filepath.FromSlash(cfg.Addons.Path)
	}
	return a.absolute()
}

func (a *Addons) openOther(req AddonsRequest) error {
	a.other, a.secret = req.config(), req.Secret
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

func (a *Addons) absolute() (err error) {
	if a.dir, err = filepath.Abs(a.dir); err != nil {
		return fmt.Errorf("find the addon tree: %w", err)
	}
	a.words = append(a.words, "--tree", a.dir)
	return nil
}

// tree is the addon tree on disk.
func (a *Addons) tree() (Tree, error) {
	if a.own == nil {
		return Tree{Dir: a.dir}, nil
	}
	file, err := a.own.Home.ReadMachines()
	if err != nil {
		return Tree{}, err
	}
	tree, err := OpenTree(a.own.Config, file)
	tree.Dir = a.dir
	return tree, err
}

// connect makes the clients, once, and says which cluster it is.
func (a *Addons) connect() (*access, error) {
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

func (a *Addons) reach() (*access, error) {
	if a.own != nil {
		return a.own.connect()
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
	return newAccess(config)
}

// Contexts lists the contexts of a kubeconfig; "" is the one kubectl would read.
func Contexts(file string) []string {
	config, err := Connection{Kubeconfig: file}.config().RawConfig()
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(config.Contexts))
}
