package e2e

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// TestMachinesJoinWithNothingButTheirUserData adds machines to a cluster as a
// cloud does: nobody knows them, and nobody reaches into them.
func TestMachinesJoinWithNothingButTheirUserData(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	c := newCluster(ctx, t, newPlugin(t), 1)
	c.must(ctx, t, c.createArgs()...)
	c.connect(t)

	c.sub(ctx, t, "bootstrap tells the cluster of a group", c.groupIsKnown)
	c.sub(ctx, t, "a machine joins, with the group's labels and taints", c.machineOfAGroupJoins)
	c.sub(ctx, t, "its user-data, run again, changes nothing", c.userDataAgain)
	c.sub(ctx, t, "killed, it comes back as the node it was", c.machineOfAGroupComesBack)
	c.sub(ctx, t, "killed in the midst of its bootstrap, it goes on", c.bootstrapGoesOn)
	c.sub(ctx, t, "a machine whose token is refused says so", c.refusedTokenIsSaid)
	c.sub(ctx, t, "a machine that reaches registries only through a proxy joins", c.machineBehindAProxyJoins)
	c.sub(ctx, t, "a proxy is told to machines that run, and taken back, and no pod ends", c.proxyComesAndGoes)
}

// group is the one that the machines of this test are of.
func (c *cluster) group() machines.Group {
	return machines.Group{
		Name: c.name + "-pool", Subnets: []string{c.subnet},
		Labels: map[string]string{"example.com/kind": "spare"}, Taints: []string{"example.com/spare=yes:NoSchedule"},
	}
}

func (c *cluster) groupIsKnown(ctx context.Context, t *testing.T) {
	file := c.nodes
	file.Groups = []machines.Group{c.group()}
	if err := os.WriteFile(c.home("machines.json"), file.Encode(), 0o600); err != nil {
		t.Fatal(err)
	}
	c.must(ctx, t, "bootstrap", c.name)
}

// userData is what the group's machines boot with, after Terraform has put the
// endpoint in.
func (c *cluster) userData(t *testing.T, edit func(*config.Cluster, *pki.PKI)) string {
	t.Helper()
	read := func(name string) []byte {
		data, err := os.ReadFile(c.home("pki", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	keys := &pki.PKI{CA: pki.Pair{Cert: read("ca.crt")}}
	if err := json.Unmarshal(read(tokenFile), &keys.Token); err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.Cluster.Name = c.name
	if edit != nil {
		edit(&cfg, keys)
	}
	data, err := bootstrap.UserData(cfg, keys, c.group())
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ := strings.Cut(c.nodes.Endpoint, ":")
	return strings.ReplaceAll(string(data), bootstrap.EndpointHost, host)
}

// boot starts a machine like the cluster's own, but for what edit changes, and gives
// it its user-data, as cloud-init would.
func (c *cluster) boot(ctx context.Context, t *testing.T, name, userData string, edit func(*container.HostConfig)) {
	t.Helper()
	like, err := c.docker.ContainerInspect(ctx, c.machine(machines.Worker, 0).Name)
	if err != nil {
		t.Fatal(err)
	}
	settings := *like.Config
	settings.Hostname = name
	host := *like.HostConfig
	host.Binds, host.Mounts = nil, []mount.Mount{{
		Type: mount.TypeVolume, Source: name + "-var", Target: "/var",
		VolumeOptions: &mount.VolumeOptions{Labels: map[string]string{"dev.turnup.cluster": c.name}},
	}}
	for _, m := range like.Mounts {
		if m.Destination == "/store" {
			host.Mounts = append(host.Mounts, mount.Mount{Type: mount.TypeVolume, Source: m.Name, Target: "/store", ReadOnly: true})
		}
	}
	if edit != nil {
		edit(&host)
	}
	made, err := c.docker.ContainerCreate(ctx, &settings, &host, &network.NetworkingConfig{
		EndpointsConfig: map[string]*network.EndpointSettings{"turnup-" + c.name: {}},
	}, nil, name)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.docker.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	c.docker.must(ctx, t, name, userData, `cat >/var/user-data
		for i in $(seq 100); do systemctl is-active --quiet multi-user.target && break; sleep 0.1; done
		chmod 700 /var/user-data && /var/user-data`)
}

func (c *cluster) machineOfAGroupJoins(ctx context.Context, t *testing.T) {
	name := c.name + "-pool-a"
	start := time.Now()
	c.boot(ctx, t, name, c.userData(t, nil), nil)
	c.awaitBack(ctx, t, name, start)
	t.Logf("a ready node %s after its machine was started", ms(time.Since(start)))
	node, err := c.kube.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if node.Labels["example.com/kind"] != "spare" {
		t.Errorf("the node's labels are %v", node.Labels)
	}
	// That of a node that was not ready goes a moment after it is.
	taints := slices.DeleteFunc(node.Spec.Taints, func(taint corev1.Taint) bool { return taint.Key == corev1.TaintNodeNotReady })
	if len(taints) != 1 || taints[0].Key != "example.com/spare" {
		t.Errorf("the node's taints are %v", node.Spec.Taints)
	}
	c.awaitPhase(ctx, t, name, "done")
	left := c.docker.must(ctx, t, name, "", `find /var/lib/turnup /run/turnup/ignition.json /etc/systemd/system/turnup-bootstrap.service -type f 2>/dev/null; true`)
	if strings.TrimSpace(left) != "" {
		t.Errorf("the bootstrap has left %s", left)
	}
	log := c.docker.must(ctx, t, name, "", "cat /var/log/turnup-bootstrap.log")
	for _, phase := range []string{"runtime", "image", "files", "kubelet", "join", "done"} {
		if !strings.Contains(log, "phase="+phase) {
			t.Errorf("phase %s is not in the log:\n%s", phase, log)
		}
	}
	if found := leaks(c.secrets(t), log); len(found) > 0 {
		t.Errorf("the log holds %v", found)
	}
}

func (c *cluster) awaitPhase(ctx context.Context, t *testing.T, machine, want string) {
	t.Helper()
	await(ctx, t, "machine "+machine+" to be in phase "+want, time.Minute, func(ctx context.Context) (bool, string, error) {
		phase, err := c.docker.on(ctx, machine, "", "cat /run/turnup/phase")
		return strings.Contains(phase, want), phase, err
	})
}

func (c *cluster) userDataAgain(ctx context.Context, t *testing.T) {
	name := c.name + "-pool-a"
	const state = `systemctl show --property ActiveEnterTimestampMonotonic kubelet; find /etc/kubernetes /opt/turnup -type f -printf '%p %C@\n' | sort`
	before := c.docker.must(ctx, t, name, "", state)
	said := c.docker.must(ctx, t, name, "", "/var/user-data")
	if !strings.Contains(said, "a node already") {
		t.Errorf("it says %q", said)
	}
	if after := c.docker.must(ctx, t, name, "", state); after != before {
		t.Errorf("it changed\n%s\nto\n%s", before, after)
	}
}

func (c *cluster) machineOfAGroupComesBack(ctx context.Context, t *testing.T) {
	name := c.name + "-pool-a"
	if err := c.docker.ContainerKill(ctx, name, "KILL"); err != nil {
		t.Fatal(err)
	}
	on := time.Now()
	if err := c.docker.ContainerStart(ctx, name, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Logf("ready again after %s", ms(c.awaitBack(ctx, t, name, on)))
}

// bootstrapGoesOn kills a machine while its bootstrap runs: cloud-init does not
// run user-data a second time, so systemd has to go on.
func (c *cluster) bootstrapGoesOn(ctx context.Context, t *testing.T) {
	name := c.name + "-pool-b"
	start := time.Now()
	c.boot(ctx, t, name, c.userData(t, nil), nil)
	if err := c.docker.ContainerKill(ctx, name, "KILL"); err != nil {
		t.Fatal(err)
	}
	if err := c.docker.ContainerStart(ctx, name, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	c.awaitBack(ctx, t, name, start)
	c.awaitPhase(ctx, t, name, "done")
}

func (c *cluster) refusedTokenIsSaid(ctx context.Context, t *testing.T) {
	name := c.name + "-pool-c"
	c.boot(ctx, t, name, c.userData(t, func(_ *config.Cluster, keys *pki.PKI) { keys.Token.Secret = strings.Repeat("0", 16) }), nil)
	c.awaitPhase(ctx, t, name, "join: the API server refuses the bootstrap token")
	if log := c.docker.must(ctx, t, name, "", "cat /var/log/turnup-bootstrap.log"); !strings.Contains(log, "kubectl turnup token rotate") {
		t.Errorf("the log does not say what to do:\n%s", log)
	}
	if _, err := c.kube.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{}); err == nil {
		t.Errorf("%s is a node", name)
	}
}
