package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/wait"
)

// cluster is a real one, on this computer.
type cluster struct {
	plugin
	name, subnet string
	workers      int
	release      string // the minor release of Kubernetes
	docker       daemon
	// What connect fills in, from the kubeconfig that the plugin wrote.
	rest  *rest.Config
	kube  kubernetes.Interface
	dyn   dynamic.Interface
	nodes machines.File
	// web is the address of the pod that startWeb starts.
	web string
}

// testContext ends with the test, at Ctrl-C, and a while before `go test`
// would stop everything: there is always time to clean up.
func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	t.Cleanup(stop)
	if deadline, ok := t.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-2*time.Minute))
		t.Cleanup(cancel)
	}
	return ctx
}

// newCluster chooses a name and addresses. Whatever happens, nothing of that
// name is left behind.
func newCluster(ctx context.Context, t testing.TB, p plugin, workers int) *cluster {
	t.Helper()
	c := &cluster{plugin: p, workers: workers, release: images.Newest(), name: fmt.Sprintf("e2e-%05x", rand.IntN(1<<20)), docker: newDaemon(t)}
	c.subnet = c.docker.subnet(ctx, t)
	t.Cleanup(func() {
		if t.Failed() {
			c.diagnose(t)
			if os.Getenv("TURNUP_E2E_KEEP") != "" {
				t.Logf("TURNUP_E2E_KEEP is set: cluster %s stays", c.name)
				return
			}
		}
		c.clean(t)
	})
	return c
}

// clean removes the cluster with the plugin, and what that leaves by its label.
func (c *cluster) clean(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	if _, err := os.Stat(c.home("config.json")); err == nil {
		c.run(ctx, t, "delete", c.name, "--yes")
	}
	if err := c.docker.remove(ctx, c.name); err != nil {
		t.Errorf("cluster %s is not cleaned up: %v", c.name, err)
	}
}

// home is a path in the cluster's directory.
func (c *cluster) home(path ...string) string {
	return filepath.Join(append([]string{c.dir, "clusters", c.name}, path...)...)
}

// createArgs are the arguments that make this cluster, the first time and again.
func (c *cluster) createArgs() []string {
	return []string{"create", c.name, "--bundle", c.bundle, "--set", "bootstrap.kubernetes_version=" + c.release,
		"--set", "provision.local.subnet=" + c.subnet, "--set", fmt.Sprintf("provision.workers=%d", c.workers)}
}

// connect makes clients from the context that create wrote.
func (c *cluster) connect(t testing.TB) {
	t.Helper()
	var err error
	c.rest, err = clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: c.kubeconfig},
		&clientcmd.ConfigOverrides{CurrentContext: "turnup-" + c.name}).ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	c.rest.QPS, c.rest.Burst, c.rest.Timeout = 100, 200, 15*time.Second
	c.rest.WarningHandler = rest.NoWarnings{}
	if c.kube, err = kubernetes.NewForConfig(c.rest); err != nil {
		t.Fatal(err)
	}
	if c.dyn, err = dynamic.NewForConfig(c.rest); err != nil {
		t.Fatal(err)
	}
	if c.nodes, err = machines.Read(c.home("machines.json")); err != nil {
		t.Fatal(err)
	}
}

// machine is the first machine of a role, or a later one.
func (c *cluster) machine(role machines.Role, index int) machines.Machine {
	return c.nodes.WithRole(role)[index]
}

// sub runs steps in order, each a test of its own. An interrupted test does
// not begin the next.
func (c *cluster) sub(ctx context.Context, t *testing.T, name string, f func(context.Context, *testing.T)) {
	t.Helper()
	if ctx.Err() != nil {
		t.Fatalf("stopped before %q: %v", name, context.Cause(ctx))
	}
	t.Run(name, func(t *testing.T) { f(ctx, t) })
}

// await waits until look is content; what and budget are for the message.
func await(ctx context.Context, t testing.TB, what string, budget time.Duration, look wait.Probe) time.Duration {
	t.Helper()
	start := time.Now()
	err := wait.For(ctx, wait.Options{What: what, Budget: budget, Every: 50 * time.Millisecond}, look)
	if err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}

// diagnose prints what somebody wants to see who was not there.
func (c *cluster) diagnose(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var out strings.Builder
	list, err := c.docker.objects(ctx, c.name)
	fmt.Fprintf(&out, "\n===== cluster %s =====\n%v %v\n", c.name, list, err)
	if _, err := os.Stat(c.home("config.json")); err == nil {
		fmt.Fprintln(&out, c.run(ctx, t, "status", c.name))
	}
	for _, o := range list {
		if o.kind != "container" {
			continue
		}
		said, err := c.docker.on(ctx, o.id, "", `
			systemctl --failed --no-legend
			journalctl --unit kubelet --no-pager --output cat --lines 300 | grep -e '^[EF]' -e rror | grep -v 'mirror pod' | tail -n 15 | cut -c 1-300
			for log in /var/log/pods/turnup-system_addon-manager-*/*/*.log; do test -e $log && tail -n 25 $log | cut -c 1-300; done; true`)
		fmt.Fprintf(&out, "----- %s %v\n%s", o.name, err, said)
	}
	t.Log(out.String())
}

// without returns the objects that are not in the other list.
func without(list, other []object) []object {
	return slices.DeleteFunc(slices.Clone(list), func(o object) bool { return slices.Contains(other, o) })
}
