package addons

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/manifests"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/gitsource"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// ManagerSelector finds the pods of the addon manager.
const ManagerSelector = "app.kubernetes.io/name=" + object.Manager

// Budget is how long a manager may take to be deployed, or to take a tree.
const Budget = 2 * time.Minute

// Deployment is what `addons deploy` is asked for on a cluster that turnup did
// not create; on one of ours the config says it all.
type Deployment struct {
	// Image is the manager's; "" is the one of this release.
	Image string
	// APIServer is host:port of the API server as the nodes reach it; "" finds it.
	APIServer   string
	Replicas    int
	Source      api.SourceSpec
	Credentials gitsource.Credentials
}

// Deploy installs the addon manager, gives it the addon tree, and waits until
// every addon is healthy.
func (a *Manager) Deploy(ctx context.Context, d Deployment) error {
	to, err := a.connect()
	if err != nil {
		return err
	}
	if err := a.install(ctx, to, d); err != nil {
		return err
	}
	return a.provide(ctx, to, d.Source.Type)
}

// Asks tells whether any flag was given.
func (d Deployment) Asks() bool {
	return d.Image != "" || d.APIServer != "" || d.Replicas != 0 || d.Credentials.Given() ||
		d.Source.Git != nil || d.Source.Type != "" || d.Source.PruneBudget != nil
}

func (a *Manager) install(ctx context.Context, to *cluster.Access, d Deployment) error {
	step := a.Out.Step("deploy the addon manager", Budget)
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
	rules, err := Install(ctx, to, objects, d.Credentials, step)
	if err != nil {
		return step.End(err)
	}
	if rules {
		step.Skip(RuledByTree)
		return nil
	}
	step.Done("API server at " + server)
	return nil
}

// provide gives the manager a tree: by push, or by the repository it polls.
func (a *Manager) provide(ctx context.Context, to *cluster.Access, kind string) error {
	if kind == api.Git {
		return awaitGit(ctx, a.Out, to)
	}
	own, err := a.tree()
	if err != nil {
		return err
	}
	if _, err := own.Read(ctx, true); err != nil {
		a.Out.Warnf("there is no addon tree %s: the manager has nothing to apply yet", ui.Relative(own.Dir))
		a.Out.Hintf("`kubectl turnup addons init` writes a tree, `kubectl turnup addons push` ships it; or name one with --tree")
		return nil
	}
	content, err := own.ReadLenient(ctx, a.Out)
	if err != nil {
		return err
	}
	shipped, err := Ship(ctx, a.Out, to, content)
	if err != nil {
		return err
	}
	return AwaitHealthy(ctx, a.Out, to, shipped, HealthyBudget)
}

// apiServer is where the manager reaches the API server from a node's network.
// The kubeconfig's server is best, since it is often a load balancer; it is of
// no use where it is this computer's loopback or has a path, which the pod's
// two variables cannot say. Then it is what the Service "kubernetes" leads to.
func apiServer(ctx context.Context, to *cluster.Access) (string, error) {
	if address := reachable(to.Rest.Host); address != "" {
		return address, nil
	}
	slices, err := to.Typed.DiscoveryV1().EndpointSlices("default").List(ctx, metav1.ListOptions{
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
	return "", ui.Hint(fmt.Errorf("find the API server's address: %s cannot be reached from a node, and the Service kubernetes has no endpoint", to.Rest.Host),
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
