package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"turnup.dev/kubectl-turnup/internal/images"
)

// TestOneCommandTurnsUpACluster lives through the life of a cluster of one
// control plane and two workers. The subtests are in order: each finds the
// cluster as the one before it left it.
func TestOneCommandTurnsUpACluster(t *testing.T) {
	ctx := testContext(t)
	c := newCluster(ctx, t, newPlugin(t), 2)
	created := c.must(ctx, t, c.createArgs()...)
	t.Logf("create took %s\n%s", created.took.Round(100*time.Millisecond), created)
	c.connect(t)

	c.sub(ctx, t, "every machine is a ready node of the right version", c.nodesAreReady)
	c.sub(ctx, t, "the kubeconfig has the context, and keeps what it had", c.kubeconfigIsMerged)
	c.sub(ctx, t, "kubectl finds the plugin", c.kubectlFindsThePlugin)
	c.sub(ctx, t, "the other verbs agree", c.verbsAgree)
	c.sub(ctx, t, "pods start from the images of the bundle", c.startPods)
	c.sub(ctx, t, "a pod reaches a pod on another worker, by VXLAN", c.podsReachEachOther)
	c.sub(ctx, t, "a pod reaches a Service by its name", c.podsReachServices)
	c.sub(ctx, t, "a node port answers on every machine", c.nodePortsAnswer)
	c.sub(ctx, t, "logs come through the kubelet's verified certificate", c.logsAnswer)
	c.sub(ctx, t, "every node tells what it uses", c.nodesTellWhatTheyUse)
	c.sub(ctx, t, "a claim is bound, keeps its data, and takes the volume with it", c.claimsAreBound)
	c.sub(ctx, t, "create again changes nothing", c.createAgainIsANoOp)
	c.sub(ctx, t, "a plan of Terraform's is empty", c.planIsEmpty)

	c.sub(ctx, t, "an edit is refused before it is committed", c.uncommittedIsRefused)
	c.sub(ctx, t, "an edit that is committed and pushed arrives", c.editArrives)
	c.sub(ctx, t, "a customised CoreDNS survives an upgrade of turnup", c.customisedCoreDNSSurvives)
	c.sub(ctx, t, "a deleted addon object comes back", c.deletedObjectComesBack)
	c.sub(ctx, t, "a broken addon does not hold up the others", c.brokenAddonStandsAlone)
	c.sub(ctx, t, "an addon that left the tree is pruned", c.removedAddonIsPruned)
	c.sub(ctx, t, "the fluentd addon reads what pods write, with a stand-in for its image", c.logsAreRead)
	c.sub(ctx, t, "an addon that is only observed is let drift, and a rollback ends that", c.observedAddonDrifts)
	c.sub(ctx, t, "an empty tree prunes nothing, and says so", c.emptyTreePrunesNothing)
	c.sub(ctx, t, "what is beyond the budget waits for an approval", c.pruneWaitsForApproval)
	c.sub(ctx, t, "a commit to a git repository arrives, and drift is undone without the repository", c.gitIsFollowed)
	c.sub(ctx, t, "the addon manager is replaced by what the tree says of it", c.managerReplacesItself)
	c.sub(ctx, t, "the addon manager stays below 64 MiB", c.managerIsSmall)

	c.sub(ctx, t, "nobody is let in without a name", c.anonymousIsRefused)
	c.sub(ctx, t, "Secrets are encrypted in etcd, and not in the audit log", c.secretsAreEncrypted)
	c.sub(ctx, t, "kubelets serve with certificates of the cluster's CA", c.kubeletsServeTrustedCertificates)
	c.sub(ctx, t, "a node may touch its own things only", c.nodesAreRestricted)
	c.sub(ctx, t, "keys are in no file of Terraform's or Docker's", c.keysStayHome)
	c.sub(ctx, t, "machines keep their keys from other users", c.machineFilesAreClosed)

	c.sub(ctx, t, "a killed worker comes back with its pods", c.killedWorkerComesBack)
	c.sub(ctx, t, "create starts a machine that was stopped", c.createStartsAStoppedMachine)
	c.sub(ctx, t, "a killed control plane comes back with what it knew", c.killedControlPlaneComesBack)
	c.sub(ctx, t, "create goes on wherever it was interrupted, beside another cluster", c.createResumes)
	c.sub(ctx, t, "delete leaves nothing", c.deleteLeavesNothing)
	c.sub(ctx, t, "delete a second time says that nothing is there", c.deleteTwiceIsAnError)
}

func (c *cluster) kubeconfigIsMerged(_ context.Context, t *testing.T) {
	config, err := clientcmd.LoadFromFile(c.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	if want := "turnup-" + c.name; config.CurrentContext != want {
		t.Errorf("the current context is %q, want %q", config.CurrentContext, want)
	}
	if config.Contexts["somebody-elses"] == nil {
		t.Error("the context that was there before is gone")
	}
	info, err := os.Stat(c.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the kubeconfig has mode %o, want 600", info.Mode().Perm())
	}
}

// kubectlFindsThePlugin runs it the way its README says.
func (c *cluster) kubectlFindsThePlugin(ctx context.Context, t *testing.T) {
	out := c.kubectl(ctx, t, "turnup", "status", c.name)
	if out == "" {
		t.Skip("SKIPPED: kubectl is not on the PATH")
	}
	if !strings.Contains(out, c.name+"-worker-1") {
		t.Errorf("kubectl turnup status:\n%s", out)
	}
}

// kubectl runs it with the plugin on its PATH; "" where there is none.
func (c *cluster) kubectl(ctx context.Context, t *testing.T, args ...string) string {
	t.Helper()
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		return ""
	}
	cmd := exec.CommandContext(ctx, kubectl, args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.kubeconfig, "PATH="+filepath.Dir(c.path)+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (c *cluster) verbsAgree(ctx context.Context, t *testing.T) {
	var status struct {
		Cluster  string
		Revision string
		Machines []struct{ Name, Kubelet, Node, Version string }
		Addons   []struct{ Name, Ready string }
		Problems []string
	}
	if err := json.Unmarshal([]byte(c.must(ctx, t, "status", "-o", "json").stdout), &status); err != nil {
		t.Fatal(err)
	}
	if status.Cluster != c.name || len(status.Machines) != 3 || len(status.Problems) != 0 || status.Revision == "" {
		t.Errorf("status says %+v", status)
	}
	for _, m := range status.Machines {
		if m.Kubelet != "active" || m.Node != "Ready" || m.Version != images.KubernetesVersion(c.release) {
			t.Errorf("status says of a machine: %+v", m)
		}
	}
	var names []string
	for _, a := range status.Addons {
		names = append(names, a.Name)
		if a.Ready != "True" {
			t.Errorf("status says of an addon: %+v", a)
		}
	}
	if got := strings.Join(names, " "); got != "addon-manager coredns flannel kube-proxy local-path metrics-server" {
		t.Errorf("the addons are %q", got)
	}
	if out := c.must(ctx, t, "addons").stdout; strings.Count(out, "True") != 6 {
		t.Errorf("addons says:\n%s", out)
	}
	if _, err := clientcmd.Load([]byte(c.must(ctx, t, "kubeconfig").stdout)); err != nil {
		t.Errorf("kubeconfig: %v", err)
	}
}

func (c *cluster) deleteLeavesNothing(ctx context.Context, t *testing.T) {
	if r := c.run(ctx, t, "delete", c.name); r.code != 1 || !strings.Contains(r.stderr, "--yes") {
		t.Errorf("delete without --yes and without a terminal, exit code %d:\n%s", r.code, r)
	}
	deleted := c.must(ctx, t, "delete", c.name, "--yes")
	t.Logf("delete took %s", deleted.took.Round(100*time.Millisecond))
	c.isGone(ctx, t)
	// The addon tree is the user's, and so is what else the kubeconfig holds.
	if _, err := os.Stat(filepath.Join(c.dir, "addons", "coredns", "kustomization.yaml")); err != nil {
		t.Errorf("the addon tree: %v", err)
	}
	if _, err := os.Stat(filepath.Join(c.dir, "clusters")); err == nil {
		t.Error("an empty directory clusters/ is left")
	}
}

// isGone wants nothing of the cluster to be left on this computer.
func (c *cluster) isGone(ctx context.Context, t *testing.T) {
	t.Helper()
	list, err := c.docker.objects(ctx, c.name)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list {
		t.Errorf("%s %s is left", o.kind, o.name)
	}
	if _, err := os.Stat(c.home()); !os.IsNotExist(err) {
		t.Errorf("the cluster's directory is left: %v", err)
	}
	data, err := os.ReadFile(c.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), c.name) {
		t.Error("the kubeconfig still names the cluster")
	}
	if !strings.Contains(string(data), "somebody-elses") {
		t.Error("the kubeconfig has lost somebody else's context")
	}
}

func (c *cluster) deleteTwiceIsAnError(ctx context.Context, t *testing.T) {
	r := c.run(ctx, t, "delete", c.name, "--yes")
	if r.code != 1 || !strings.Contains(r.stderr, "error: ") || !strings.Contains(r.stderr, c.name) || !strings.Contains(r.stderr, "hint: ") {
		t.Errorf("exit code %d, want 1, an error that names the cluster, and a hint:\n%s", r.code, r)
	}
}
