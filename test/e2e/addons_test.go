package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/source"
)

// edit replaces a text in a file of the addon tree, which has to be there.
func (c *cluster) edit(t *testing.T, file, old, replacement string) {
	t.Helper()
	path := filepath.Join(c.dir, "addons", file)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		t.Fatalf("%s does not contain %q", file, old)
	}
	c.write(t, file, strings.Replace(string(data), old, replacement, 1))
}

// write writes a file of the addon tree.
func (c *cluster) write(t *testing.T, file, content string) {
	t.Helper()
	path := filepath.Join(c.dir, "addons", file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// git runs git in the addon tree.
func (c *cluster) git(ctx context.Context, t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", filepath.Join(c.dir, "addons"),
		"-c", "user.name=e2e", "-c", "user.email=e2e@example.invalid", "-c", "commit.gpgsign=false"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", args[0], err, out)
	}
}

// publish commits and pushes what was edited.
func (c *cluster) publish(ctx context.Context, t *testing.T, message string) {
	t.Helper()
	c.git(ctx, t, "add", "--all", ".")
	c.git(ctx, t, "commit", "--quiet", "--message", message)
	c.must(ctx, t, "addons", "push", c.name)
}

func (c *cluster) uncommittedIsRefused(ctx context.Context, t *testing.T) {
	const corefile = "coredns/Corefile"
	c.edit(t, corefile, "errors", "errors\n    # Not committed.")
	r := c.run(ctx, t, "addons", "push", c.name)
	for _, want := range []string{"error: ", "not committed", corefile, "hint: ", "--dirty"} {
		if r.code != 1 || !strings.Contains(r.stderr, want) {
			t.Errorf("exit code %d, want 1 and %q:\n%s", r.code, want, r)
		}
	}
	c.git(ctx, t, "checkout", "--quiet", "--", corefile)
}

// editArrives adds a name to CoreDNS and asks for it in a pod.
func (c *cluster) editArrives(ctx context.Context, t *testing.T) {
	c.edit(t, "coredns/Corefile", "    errors\n", "    errors\n    hosts {\n        192.0.2.7 arrived.example\n        fallthrough\n    }\n")
	c.edit(t, "coredns/deployment.yaml", "replicas: 2", "replicas: 3")
	c.publish(ctx, t, "Teach CoreDNS a name")
	seen := await(ctx, t, "the edit to reach the Deployment", 30*time.Second, func(ctx context.Context) (bool, string, error) {
		d, err := c.kube.AppsV1().Deployments("kube-system").Get(ctx, "coredns", metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		return *d.Spec.Replicas == 3, fmt.Sprint(*d.Spec.Replicas, " replicas"), nil
	})
	answers := await(ctx, t, "DNS to know the new name", time.Minute, func(ctx context.Context) (bool, string, error) {
		out, err := c.inPod(ctx, "getent ahostsv4 arrived.example")
		return strings.HasPrefix(out, "192.0.2.7"), out, err
	})
	t.Logf("the object is there %s after addons push, DNS answers %s after that", ms(seen), ms(answers))
	healthy := c.awaitAddons(ctx, t, "coredns", "flannel", "kube-proxy")
	t.Logf("every addon is healthy again %s later", ms(healthy))
}

func ms(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

// awaitAddons waits until addons are what the tree on disk says, and ready.
func (c *cluster) awaitAddons(ctx context.Context, t *testing.T, names ...string) time.Duration {
	t.Helper()
	files, err := source.Files(os.DirFS(filepath.Join(c.dir, "addons")))
	if err != nil {
		t.Fatal(err)
	}
	hashes := build.Hashes(files)
	return await(ctx, t, "addons "+strings.Join(names, ", ")+" to be as the tree says", time.Minute, func(ctx context.Context) (bool, string, error) {
		list, err := api.ListAddons(ctx, c.dyn)
		if err != nil {
			return false, "", err
		}
		ready := map[string]bool{}
		var said []string
		for _, addon := range list {
			ready[addon.Name] = addon.IsTrueTo(hashes[addon.Name])
			said = append(said, fmt.Sprintf("%s: %s at %s: %s", addon.Name, addon.Status.Ready, addon.Status.Revision, addon.Status.Message))
		}
		for _, name := range names {
			if !ready[name] {
				return false, strings.Join(said, "; "), nil
			}
		}
		return true, "", nil
	})
}

// addon reads one addon's status.
func (c *cluster) addon(ctx context.Context, name string) (api.AddonStatus, error) {
	u, err := c.dyn.Resource(api.Addons()).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return api.AddonStatus{}, err
	}
	addon, err := api.DecodeAddon(u)
	return addon.Status, err
}

// awaitAddon waits until an addon's status is content.
func (c *cluster) awaitAddon(ctx context.Context, t *testing.T, name, what string, content func(api.AddonStatus) bool) api.AddonStatus {
	t.Helper()
	var status api.AddonStatus
	await(ctx, t, "addon "+name+" to be "+what, 30*time.Second, func(ctx context.Context) (bool, string, error) {
		var err error
		if status, err = c.addon(ctx, name); err != nil {
			return false, "", err
		}
		return content(status), fmt.Sprintf("%+v", status), nil
	})
	return status
}

func (c *cluster) deletedObjectComesBack(ctx context.Context, t *testing.T) {
	took := c.proxyComesBack(ctx, t)
	t.Logf("DaemonSet kube-proxy came back after %s", ms(took))
	if took > time.Second {
		t.Errorf("DaemonSet kube-proxy came back after %s, want less than a second", took)
	}
	t.Logf("its addon was healthy again %s later", ms(c.awaitAddons(ctx, t, "kube-proxy")))
	c.reach(ctx, t, "web", 15*time.Second)
}

// proxyComesBack deletes a DaemonSet of the tree, and waits for another one.
func (c *cluster) proxyComesBack(ctx context.Context, t *testing.T) time.Duration {
	t.Helper()
	sets := c.kube.AppsV1().DaemonSets("kube-system")
	old, err := sets.Get(ctx, "kube-proxy", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sets.Delete(ctx, "kube-proxy", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	return await(ctx, t, "DaemonSet kube-proxy to come back", 30*time.Second, func(ctx context.Context) (bool, string, error) {
		now, err := sets.Get(ctx, "kube-proxy", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return false, "it is gone", nil
		}
		if err != nil {
			return false, "", err
		}
		return now.UID != old.UID, "the old one", nil
	})
}

const greeting = `apiVersion: v1
kind: Namespace
metadata: {name: greeting}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: greeting, namespace: greeting}
data: {text: hello}
`

// brokenAddonStandsAlone breaks one addon and edits another in one commit.
func (c *cluster) brokenAddonStandsAlone(ctx context.Context, t *testing.T) {
	c.write(t, "greeting/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [greeting.yaml]\n")
	c.write(t, "greeting/greeting.yaml", greeting)
	c.publish(ctx, t, "Greet")
	t.Logf("a new addon was healthy after %s", ms(c.awaitAddons(ctx, t, "greeting", "coredns")))

	c.write(t, "greeting/greeting.yaml", "apiVersion: v1\nkind: [\n")
	c.edit(t, "coredns/deployment.yaml", "replicas: 3", "replicas: 1")
	c.publish(ctx, t, "Break the greeting")
	c.awaitAddons(ctx, t, "coredns", "flannel", "kube-proxy")
	d, err := c.kube.AppsV1().Deployments("kube-system").Get(ctx, "coredns", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if *d.Spec.Replicas != 1 {
		t.Errorf("CoreDNS has %d replicas: the broken addon held it up", *d.Spec.Replicas)
	}
	c.awaitAddon(ctx, t, "greeting", "broken, and to say where", func(s api.AddonStatus) bool {
		return s.Ready == "False" && strings.Contains(s.Message, "greeting.yaml")
	})
	// What it was before is still enforced.
	if _, err := c.kube.CoreV1().ConfigMaps("greeting").Get(ctx, "greeting", metav1.GetOptions{}); err != nil {
		t.Errorf("what the broken addon owned: %v", err)
	}
	if r := c.run(ctx, t, "status", c.name); r.code != 2 || !strings.Contains(r.stdout, "greeting.yaml") {
		t.Errorf("status with a broken addon, exit code %d, want 2 and the file's name:\n%s", r.code, r)
	}
}

func (c *cluster) removedAddonIsPruned(ctx context.Context, t *testing.T) {
	c.git(ctx, t, "rm", "-r", "--quiet", "greeting")
	// A Namespace is among it, which is not deleted unasked.
	c.publish(ctx, t, "No more greeting\n\nTurnup-Prune: approved")
	took := await(ctx, t, "the removed addon's objects to go", time.Minute, func(ctx context.Context) (bool, string, error) {
		_, configMap := c.kube.CoreV1().ConfigMaps("greeting").Get(ctx, "greeting", metav1.GetOptions{})
		_, space := c.kube.CoreV1().Namespaces().Get(ctx, "greeting", metav1.GetOptions{})
		_, addon := c.dyn.Resource(api.Addons()).Get(ctx, "greeting", metav1.GetOptions{})
		gone := apierrors.IsNotFound(configMap) && apierrors.IsNotFound(space) && apierrors.IsNotFound(addon)
		return gone, fmt.Sprintf("ConfigMap: %v, Namespace: %v, Addon: %v", configMap, space, addon), nil
	})
	t.Logf("ConfigMap, Namespace and Addon were gone after %s", ms(took))
	c.awaitAddons(ctx, t, "coredns", "flannel", "kube-proxy")
	c.must(ctx, t, "status", c.name)
}
