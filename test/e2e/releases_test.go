package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/internal/images"
)

// TestTheOldestReleaseRunsLikeTheNewest makes a cluster of the oldest minor release
// of Kubernetes that a config can choose. The story's is of the newest.
func TestTheOldestReleaseRunsLikeTheNewest(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	c := newCluster(ctx, t, newPlugin(t), 1)
	c.release = images.Oldest()
	// The bundle of the newest has nothing of it, which is said before a machine is made.
	refused := c.run(ctx, t, c.createArgs()...)
	wantsRefusal(t, refused, images.For(c.release, "").Ref(images.KubeAPIServer))
	if c.bundle = os.Getenv("TURNUP_BUNDLE_OLDEST"); c.bundle == "" {
		t.Skip("SKIPPED: TURNUP_BUNDLE_OLDEST is not set; `make e2e` sets it")
	}
	if _, err := os.Stat(filepath.Join(c.bundle, "index.json")); err != nil {
		t.Fatalf("what make builds is not there: %v", err)
	}
	created := c.must(ctx, t, c.createArgs()...)
	t.Logf("create took %s\n%s", created.took.Round(100*time.Millisecond), created)
	c.connect(t)

	c.sub(ctx, t, "every machine is a ready node of the right version", c.nodesAreReady)
	c.sub(ctx, t, "pods start from the images of the bundle", c.startPods)
	c.sub(ctx, t, "a pod reaches Services by their names", c.podsReachServices)
	c.sub(ctx, t, "logs come through the kubelet's verified certificate", c.logsAnswer)
	// Figures of nodes are not asked for. A request to metrics-server that is sent before kube-proxy
	// has its rules leaves the machine; where somebody on the way answers it, as on CI's machines,
	// the API server of 1.34 keeps that connection, and asks there again and again.
	c.sub(ctx, t, "a claim is bound, keeps its data, and takes the volume with it", c.claimsAreBound)
	c.sub(ctx, t, "a deleted addon object comes back", c.deletedObjectComesBack)

	// Kubernetes takes no step back, and this version of turnup none forward.
	wantsRefusal(t, c.run(ctx, t, "create", c.name, "--bundle", c.bundle, "--set", "bootstrap.kubernetes_version="+images.Newest()),
		"bootstrap.kubernetes_version is "+c.release)
	c.must(ctx, t, "delete", c.name, "--yes")
	c.isGone(ctx, t)
}
