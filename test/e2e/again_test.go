package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
)

// createAgainIsANoOp compares everything before and after: Docker's objects,
// the kubelets' processes, the files, and every object of the API.
func (c *cluster) createAgainIsANoOp(ctx context.Context, t *testing.T) {
	before := c.settled(ctx, t)
	again := c.must(ctx, t, c.createArgs()...)
	t.Logf("create again took %s", again.took.Round(100*time.Millisecond))
	if diff := cmp.Diff(before, c.picture(ctx, t)); diff != "" {
		t.Errorf("create again changed something (-before +after):\n%s\n%s", diff, again)
	}
}

// settled is a picture that has stopped changing by itself.
func (c *cluster) settled(ctx context.Context, t *testing.T) map[string]string {
	t.Helper()
	last := c.picture(ctx, t)
	await(ctx, t, "the cluster to settle", time.Minute, func(ctx context.Context) (bool, string, error) {
		time.Sleep(3 * time.Second)
		now := c.picture(ctx, t)
		diff := cmp.Diff(last, now)
		last = now
		return diff == "", diff, nil
	})
	return last
}

// picture describes all that a second create might touch.
func (c *cluster) picture(ctx context.Context, t *testing.T) map[string]string {
	t.Helper()
	seen := map[string]string{}
	objects, err := c.docker.objects(ctx, c.name)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		seen["docker "+o.kind+" "+o.name] = o.id + " since " + o.started
	}
	for _, m := range c.nodes.Machines {
		seen["kubelet of "+m.Name] = c.docker.must(ctx, t, m.Name, "", "systemctl show --property MainPID,ActiveEnterTimestamp kubelet containerd")
	}
	c.files(t, seen)
	c.apiObjects(ctx, t, seen)
	return seen
}

// files adds every file but Terraform's notes.
func (c *cluster) files(t *testing.T, seen map[string]string) {
	t.Helper()
	err := filepath.WalkDir(c.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			// Logs say when something was looked at.
			if entry.Name() == ".git" || entry.Name() == ".terraform" || entry.Name() == "logs" {
				return filepath.SkipDir
			}
			return nil
		}
		// Terraform writes down what it sees each time, be it only in other words;
		// that it wants to change nothing is a test of its own.
		if entry.Name() == "terraform.log" || strings.HasPrefix(entry.Name(), "terraform.tfstate") {
			return nil
		}
		data, err := os.ReadFile(path)
		seen["file "+strings.TrimPrefix(path, c.dir)] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// beats are the objects that live by being written all the time.
func beats(resource schema.GroupVersionResource) bool {
	return resource.Resource == "events" || resource.Resource == "leases" || resource.Group == "metrics.k8s.io"
}

// apiObjects adds the version of every object of the API; of a node, whose
// status is a heartbeat, what it is wanted to be.
func (c *cluster) apiObjects(ctx context.Context, t *testing.T, seen map[string]string) {
	t.Helper()
	lists, err := c.kube.Discovery().ServerPreferredResources()
	// The metrics API may be away for a moment, and holds nothing of ours.
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		t.Fatal(err)
	}
	client, err := metadata.NewForConfig(c.rest)
	if err != nil {
		t.Fatal(err)
	}
	resources, err := discovery.GroupVersionResources(discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "get"}}, lists))
	if err != nil {
		t.Fatal(err)
	}
	for resource := range resources {
		if beats(resource) {
			continue
		}
		list, err := client.Resource(resource).List(ctx, metav1.ListOptions{})
		if err != nil {
			t.Fatalf("list %s: %v", resource.Resource, err)
		}
		for _, o := range list.Items {
			version := o.ResourceVersion
			if resource.Resource == "nodes" {
				wanted, err := json.Marshal([]any{o.UID, o.Labels, o.Generation})
				if err != nil {
					t.Fatal(err)
				}
				version = string(wanted)
			}
			seen[fmt.Sprintf("%s %s/%s", resource.Resource, o.Namespace, o.Name)] = version
		}
	}
}

// planIsEmpty asks Terraform itself, as the README invites people to.
func (c *cluster) planIsEmpty(ctx context.Context, t *testing.T) {
	tool := terraform(t, c.path)
	cmd := exec.CommandContext(ctx, tool, "-chdir="+c.home("terraform"), "plan", "-detailed-exitcode", "-input=false", "-no-color", "-lock=false")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s plan: %v (2 means that it wants to change something)\n%s", filepath.Base(tool), err, out)
	}
}

// terraform finds the tool where the plugin does.
func terraform(t *testing.T, plugin string) string {
	t.Helper()
	for _, name := range []string{os.Getenv("TURNUP_TERRAFORM"), "terraform", "tofu", filepath.Join(filepath.Dir(plugin), "tofu")} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	t.Fatal("neither terraform nor tofu is there")
	return ""
}
