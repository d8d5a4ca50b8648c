package turnup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/manifests"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
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
	shipped, err := t.provideTree(ctx, to)
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
	step := t.Out.Step("deploy the addon manager", managerBudget)
	objects, err := t.managerObjects(file)
	if err != nil {
		return step.End(err)
	}
	rules, err := applyManager(ctx, to, objects, CredentialsOf(t.Config), step)
	if err == nil && rules {
		step.Skip(ruledByTree)
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
		Interval: managerInterval(t.Config), Replicas: managerReplicas(file),
		Source: SourceSpec(t.Config),
	})
}

// Deployment is what `addons deploy` is asked for on a cluster that turnup did
// not create; on one of ours the config says it all.
type Deployment struct {
	// Image is the manager's; "" is the one of this release.
	Image string
	// APIServer is host:port of the API server as the nodes reach it; "" finds it.
	APIServer   string
	Replicas    int
	Source      api.SourceSpec
	Credentials Credentials
}

// Deploy installs the addon manager, gives it the addon tree, and waits until
// every addon is healthy.
func (a *Addons) Deploy(ctx context.Context, d Deployment) error {
	if a.own != nil {
		if d.asks() {
			return ui.Hint(fmt.Errorf("%s is made from its config, so deploy takes no flags of the source or the manager there", a.title),
				"set it in the config (addons.source, addons.git.*), then deploy without these flags")
		}
		unlock, err := a.own.Home.Lock()
		if err != nil {
			return err
		}
		defer unlock()
		a.Out.Printf("on %s", a.title)
		return a.own.DeployAddons(ctx)
	}
	to, err := a.connect()
	if err != nil {
		return err
	}
	if err := a.install(ctx, to, d); err != nil {
		return err
	}
	return a.provide(ctx, to, d.Source.Type)
}

// asks tells whether any flag was given.
func (d Deployment) asks() bool {
	return d.Image != "" || d.APIServer != "" || d.Replicas != 0 || d.Credentials.given() ||
		d.Source.Git != nil || d.Source.Type != "" || d.Source.PruneBudget != nil
}

func (a *Addons) install(ctx context.Context, to *access, d Deployment) error {
	step := a.Out.Step("deploy the addon manager", managerBudget)
	server := d.APIServer
	if server == "" {
		var err error
		if server, err = apiServer(ctx, to); err != nil {
			return step.End(err)
		}
	}
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		return step.End(fmt.Errorf("read the API server's address %q: %w", server, err))
	}
	if d.Image == "" {
		d.Image = images.For(config.Default().Bootstrap.KubernetesVersion, "").Ref(images.AddonManager)
	}
	objects, err := manifests.Render(manifests.Options{
		Image: d.Image, APIHost: host, APIPort: port, Replicas: max(1, d.Replicas), Source: d.Source,
	})
	if err != nil {
		return step.End(err)
	}
	rules, err := applyManager(ctx, to, objects, d.Credentials, step)
	if err != nil {
		return step.End(err)
	}
	if rules {
		step.Skip(ruledByTree)
		return nil
	}
	step.Done("API server at " + server)
	return nil
}

// provide gives the manager a tree: by push, or by the repository it polls.
func (a *Addons) provide(ctx context.Context, to *access, kind string) error {
	if kind == api.Git {
		return awaitGit(ctx, a.Out, to)
	}
	tree, err := a.tree()
	if err != nil {
		return err
	}
	if _, err := tree.Read(ctx, true); err != nil {
		a.Out.Warnf("there is no addon tree %s: the manager has nothing to apply yet", relative(tree.Dir))
		a.Out.Hintf("`kubectl turnup addons init` writes a tree, `kubectl turnup addons push` ships it; or name one with --tree")
		return nil
	}
	content, err := readLenient(ctx, a.Out, tree)
	if err != nil {
		return err
	}
	shipped, err := ship(ctx, a.Out, to, content)
	if err != nil {
		return err
	}
	return awaitHealthy(ctx, a.Out, to, shipped, healthyBudget)
}

// apiServer is where the manager reaches the API server from a node's network.
// The kubeconfig's server is best, since it is often a load balancer; it is of
// no use where it is this computer's loopback or has a path, which the pod's
// two variables cannot say. Then it is what the Service "kubernetes" leads to.
func apiServer(ctx context.Context, to *access) (string, error) {
	if address := reachable(to.rest.Host); address != "" {
		return address, nil
	}
	slices, err := to.typed.DiscoveryV1().EndpointSlices("default").List(ctx, metav1.ListOptions{
		LabelSelector: "kubernetes.io/service-name=kubernetes",
	})
	if err != nil {
		return "", fmt.Errorf("find the API server's address: %w", err)
	}
	for _, slice := range slices.Items {
		for _, endpoint := range slice.Endpoints {
			if len(endpoint.Addresses) > 0 && len(slice.Ports) > 0 && slice.Ports[0].Port != nil {
				return net.JoinHostPort(endpoint.Addresses[0], fmt.Sprint(*slice.Ports[0].Port)), nil
			}
		}
	}
	return "", ui.Hint(fmt.Errorf("find the API server's address: %s cannot be reached from a node, and the Service kubernetes has no endpoint", to.rest.Host),
		"say it with --api-server HOST:PORT")
}

// reachable is the host:port of a server's URL that other computers can use, too.
func reachable(server string) string {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" {
		return ""
	}
	if ip := net.ParseIP(u.Hostname()); ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) || u.Hostname() == "localhost" {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// ErrGitSource is returned by verbs that a git source takes the ground from.
var ErrGitSource = errors.New("the addons come from a git repository")
