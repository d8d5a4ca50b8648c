package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// crowd is how many ConfigMaps the addon of that name has: more than ten, and
// more than the budget's part of all that the addons own.
const crowd = 20

const crowdFile = "crowd/kustomization.yaml"

// commit is the one that the addon tree is at.
func (c *cluster) commit(ctx context.Context, t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(ctx, "git", "-C", filepath.Join(c.dir, "addons"), "rev-parse", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// observedAddonDrifts deletes an object of an addon that is only looked at.
func (c *cluster) observedAddonDrifts(ctx context.Context, t *testing.T) {
	c.write(t, crowdFile, "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: crowd}\nresources: [crowd.yaml]\n")
	var many strings.Builder
	for i := range crowd {
		fmt.Fprintf(&many, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: crowd-%d, namespace: %s, labels: {app: crowd}}\n", i, namespace)
	}
	c.write(t, "crowd/crowd.yaml", many.String())
	c.publish(ctx, t, "A crowd")
	t.Logf("%d ConfigMaps were there after %s", crowd, ms(c.awaitAddons(ctx, t, "crowd")))
	enforced := c.commit(ctx, t)

	c.edit(t, crowdFile, "name: crowd}", "name: crowd, annotations: {turnup.dev/mode: observe}}")
	c.publish(ctx, t, "Look at the crowd only")
	c.awaitAddon(ctx, t, "crowd", "observed", func(s api.AddonStatus) bool { return s.Mode == api.Observe })
	maps := c.kube.CoreV1().ConfigMaps(namespace)
	if err := maps.Delete(ctx, "crowd-7", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	status := c.awaitAddon(ctx, t, "crowd", "one off", func(s api.AddonStatus) bool { return s.Drift == 1 })
	if _, err := maps.Get(ctx, "crowd-7", metav1.GetOptions{}); !apierrors.IsNotFound(err) || status.Ready != "False" {
		t.Errorf("what is only observed was repaired, or is no problem: %v, %+v", err, status)
	}

	r := c.must(ctx, t, "addons", "rollback", enforced[:12], "--wait", "--timeout", "30s", "--name", c.name)
	t.Logf("the rollback took %s", ms(r.took))
	if _, err := maps.Get(ctx, "crowd-7", metav1.GetOptions{}); err != nil {
		t.Errorf("after the rollback: %v", err)
	}
	c.git(ctx, t, "revert", "--no-edit", "HEAD")
	c.must(ctx, t, "addons", "push", c.name, "--wait", "--timeout", "30s")
}

// emptyTreePrunesNothing deletes every file of the tree, as a mistake would.
func (c *cluster) emptyTreePrunesNothing(ctx context.Context, t *testing.T) {
	c.git(ctx, t, "rm", "-r", "--quiet", ".")
	c.publish(ctx, t, "Oops")
	for _, name := range []string{"coredns", "crowd", "flannel", "kube-proxy"} {
		c.awaitAddon(ctx, t, name, "held, and to say why", func(s api.AddonStatus) bool {
			return s.Ready == "False" && strings.Contains(s.Message, "the addon tree is empty; nothing is pruned")
		})
	}
	for what, out := range map[string]string{
		"kubectl get addons": c.kubectl(ctx, t, "get", "addons"), "addons list": c.must(ctx, t, "addons", "list", c.name).stdout,
	} {
		if out != "" && strings.Count(out, "the addon tree is empty") < 4 {
			t.Errorf("%s does not say why:\n%s", what, out)
		}
	}
	c.crowdIs(ctx, t, crowd)
	t.Logf("DaemonSet kube-proxy came back after %s all the same", ms(c.proxyComesBack(ctx, t)))
	c.git(ctx, t, "revert", "--no-edit", "HEAD")
	c.must(ctx, t, "addons", "push", c.name, "--wait", "--timeout", "30s")
}

// crowdIs counts the crowd.
func (c *cluster) crowdIs(ctx context.Context, t *testing.T, want int) {
	t.Helper()
	list, err := c.kube.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=crowd"})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != want {
		t.Errorf("there are %d ConfigMaps of the crowd, want %d", len(list.Items), want)
	}
}

// pruneWaitsForApproval removes an addon with more objects than a revision may delete.
func (c *cluster) pruneWaitsForApproval(ctx context.Context, t *testing.T) {
	c.git(ctx, t, "rm", "-r", "--quiet", "crowd")
	c.publish(ctx, t, "No more crowd")
	c.awaitAddon(ctx, t, "crowd", "waiting for an approval", func(s api.AddonStatus) bool {
		return s.PendingPrune != nil && s.PendingPrune.Count == crowd && strings.Contains(s.Message, "more than its budget")
	})
	c.crowdIs(ctx, t, crowd)
	// Nobody else is held up.
	c.awaitAddons(ctx, t, "coredns", "flannel", "kube-proxy")

	c.must(ctx, t, "addons", "approve", "crowd", "--yes", "--name", c.name)
	took := await(ctx, t, "the crowd to go", 30*time.Second, func(ctx context.Context) (bool, string, error) {
		status, err := c.addon(ctx, "crowd")
		if apierrors.IsNotFound(err) {
			return true, "", nil
		}
		return false, fmt.Sprintf("%+v", status), err
	})
	t.Logf("%d objects were gone %s after the approval", crowd, ms(took))
	c.crowdIs(ctx, t, 0)
}
