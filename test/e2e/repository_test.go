package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cgi"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/network"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// repository is the addon tree's own repository, served by git itself over HTTP,
// at an address that the machines reach.
type repository struct {
	url    string
	server *http.Server
}

func (c *cluster) serveRepository(ctx context.Context, t *testing.T) *repository {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(c.gateway(ctx, t), "0"))
	if err != nil {
		t.Skipf("SKIPPED: Docker's bridge is not on this computer: %v", err)
	}
	handler := &cgi.Handler{Path: git, Args: []string{"http-backend"}, Env: []string{
		"GIT_PROJECT_ROOT=" + filepath.Join(c.dir, "addons"), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
	}}
	r := &repository{url: "http://" + listener.Addr().String() + "/.git", server: &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}}
	t.Cleanup(r.stop)
	go func() {
		if err := r.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve the repository: %v", err)
		}
	}()
	return r
}

func (r *repository) stop() { _ = r.server.Close() }

// gateway is this computer's address in the cluster's network.
func (c *cluster) gateway(ctx context.Context, t *testing.T) string {
	t.Helper()
	list, err := c.docker.objects(ctx, c.name)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list {
		if o.kind != "network" {
			continue
		}
		info, err := c.docker.NetworkInspect(ctx, o.id, network.InspectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, config := range info.IPAM.Config {
			if config.Gateway != "" {
				return config.Gateway
			}
		}
	}
	t.Fatal("the cluster's network has no gateway")
	return ""
}

// from deploys the addon manager of any cluster that a kubeconfig leads to, with
// another source.
func (c *cluster) from(ctx context.Context, t *testing.T, flags ...string) {
	t.Helper()
	r := c.must(ctx, t, append([]string{"addons", "deploy", "--kubeconfig", c.kubeconfig, "--context", "turnup-" + c.name}, flags...)...)
	if !strings.Contains(r.stderr, "left as the tree has it") {
		t.Errorf("deploy changes a manager that the tree has:\n%s", r)
	}
}

// gitIsFollowed commits without a push, takes the repository away, and then the
// manager's pod as well.
func (c *cluster) gitIsFollowed(ctx context.Context, t *testing.T) {
	repo := c.serveRepository(ctx, t)
	c.from(ctx, t, "--source", "git", "--git-url", repo.url, "--interval", "1s")
	c.edit(t, "coredns/deployment.yaml", "replicas: 1", "replicas: 2")
	c.git(ctx, t, "commit", "--quiet", "--all", "--message", "More CoreDNS")
	took := await(ctx, t, "the commit to reach the Deployment", 30*time.Second, func(ctx context.Context) (bool, string, error) {
		d, err := c.kube.AppsV1().Deployments("kube-system").Get(ctx, "coredns", metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		return *d.Spec.Replicas == 2, fmt.Sprint(*d.Spec.Replicas, " replicas"), nil
	})
	t.Logf("the object is there %s after the commit, at a poll each second", ms(took))
	if r := c.run(ctx, t, "addons", "push", c.name); r.code != 1 || !strings.Contains(r.stderr, repo.url) {
		t.Errorf("a push against a git source, exit code %d, want 1 and the URL:\n%s", r.code, r)
	}

	repo.stop()
	c.awaitFetched(ctx, t, "False", "connection refused")
	if out := c.kubectl(ctx, t, "get", "addonsources"); out != "" && !strings.Contains(out, "connection refused") {
		t.Errorf("kubectl get addonsources does not say why:\n%s", out)
	}
	t.Logf("without the repository, DaemonSet kube-proxy came back after %s", ms(c.proxyComesBack(ctx, t)))
	holder := c.actingManager(ctx, t)
	if err := c.kube.CoreV1().Pods("turnup-system").Delete(ctx, holder, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Logf("another addon manager acts after %s", ms(c.awaitOtherManager(ctx, t, holder)))
	t.Logf("without the repository, DaemonSet kube-proxy came back to it after %s", ms(c.proxyComesBack(ctx, t)))
	c.awaitFetched(ctx, t, "False", "connection refused")
	c.awaitAddons(ctx, t, "addon-manager", "coredns", "flannel", "kube-proxy")

	c.from(ctx, t, "--source", "push")
	c.awaitFetched(ctx, t, "True", "")
}

// awaitFetched waits for what `kubectl get addonsources` shows.
func (c *cluster) awaitFetched(ctx context.Context, t *testing.T, ready, why string) {
	t.Helper()
	await(ctx, t, "the source to be fetched: "+ready, 30*time.Second, func(ctx context.Context) (bool, string, error) {
		from, _, err := api.ReadSource(ctx, c.dyn)
		for _, condition := range from.Status.Conditions {
			if condition.Type == api.Fetched {
				return string(condition.Status) == ready && strings.Contains(condition.Message, why), fmt.Sprint(condition), err
			}
		}
		return false, "it does not say", err
	})
}
