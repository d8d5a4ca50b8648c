package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// TestAnotherNetworkIsOneSymbol makes a cluster whose pods travel by plain routes
// instead of flannel's VXLAN, and whose Services are nftables'. Nothing else of
// its config differs from that of the story.
func TestAnotherNetworkIsOneSymbol(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	c := newCluster(ctx, t, newPlugin(t), 2)
	args := append(c.createArgs(), "--set", "network.provider=bridge", "--set", "network.proxy_mode=nftables")
	created := c.must(ctx, t, args...)
	t.Logf("create took %s", created.took.Round(100*time.Millisecond))
	c.connect(t)

	c.sub(ctx, t, "every machine is a ready node", c.nodesAreReady)
	c.sub(ctx, t, "the machines know flannel not at all, and routes to each other's pods", c.routesAreThere)
	c.sub(ctx, t, "pods start", c.startPods)
	c.sub(ctx, t, "a pod reaches a pod on another worker, and Services by their names", c.podsReachServices)
	c.sub(ctx, t, "a node port answers on every machine", c.nodePortsAnswer)
}

func (c *cluster) routesAreThere(ctx context.Context, t *testing.T) {
	for _, m := range c.nodes.Machines {
		routes := strings.TrimSpace(c.docker.must(ctx, t, m.Name, "", "ip -4 route show proto 198"))
		if got := len(strings.Split(routes, "\n")); got != len(c.nodes.Machines)-1 {
			t.Errorf("%s has %d routes of the agent, want one per other machine:\n%s", m.Name, got, routes)
		}
		if found := c.docker.must(ctx, t, m.Name, "", "ls /etc/cni/net.d /sys/class/net"); strings.Contains(found, "flannel") {
			t.Errorf("%s has something of flannel:\n%s", m.Name, found)
		}
	}
	// Services are the kernel's new way: no chain of the old one.
	worker := c.machine(machines.Worker, 0).Name
	if tables := c.docker.must(ctx, t, worker, "", "nft list tables"); !strings.Contains(tables, "kube-proxy") {
		t.Errorf("kube-proxy has no table in nftables:\n%s", tables)
	}
}
