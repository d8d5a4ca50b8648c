package e2e

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// createResumes makes a second cluster, in the same directory as the first, and
// interrupts every phase of it: politely, as Ctrl-C does, and like a crash.
func (c *cluster) createResumes(ctx context.Context, t *testing.T) {
	first, err := c.docker.objects(ctx, c.name)
	if err != nil {
		t.Fatal(err)
	}
	second := newCluster(ctx, t, c.plugin, 1)
	for _, cut := range []struct {
		step   string
		after  time.Duration
		signal syscall.Signal
	}{
		{"provision", 1200 * time.Millisecond, syscall.SIGINT},
		{"provision", 1500 * time.Millisecond, syscall.SIGKILL},
		{"bootstrap", 1500 * time.Millisecond, syscall.SIGINT},
		{"start the control plane", 300 * time.Millisecond, syscall.SIGKILL},
		{"push the addon tree", 200 * time.Millisecond, syscall.SIGINT},
	} {
		r := second.cut(ctx, t, cut.signal, cut.step, cut.after, second.createArgs()...)
		t.Logf("%v in %q: exit code %d after %s", cut.signal, cut.step, r.code, r.took.Round(100*time.Millisecond))
		switch {
		case cut.signal == syscall.SIGKILL && r.code == -1:
		case r.code == 0:
			t.Logf("create was quicker than the signal")
		case r.code == 130:
			second.saysWhatToDo(t, r)
		default:
			t.Errorf("%v in %q: exit code %d, want 130:\n%s", cut.signal, cut.step, r.code, r)
		}
	}
	last := second.must(ctx, t, second.createArgs()...)
	t.Logf("the last create took %s", last.took.Round(100*time.Millisecond))
	second.connect(t)
	second.nodesAreReady(ctx, t)
	second.planIsEmpty(ctx, t)
	second.must(ctx, t, "status", second.name)
	second.controlPlaneChanges(ctx, t)

	// The other one has noticed nothing.
	now, err := c.docker.objects(ctx, c.name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, now, cmp.AllowUnexported(object{})); diff != "" {
		t.Errorf("the first cluster changed:\n%s", diff)
	}
	c.must(ctx, t, "status", c.name)

	r := second.cut(ctx, t, syscall.SIGINT, "remove", 700*time.Millisecond, "delete", second.name, "--yes")
	t.Logf("SIGINT in delete: exit code %d after %s", r.code, r.took.Round(100*time.Millisecond))
	if r.code == 130 {
		second.saysWhatToDo(t, r)
		second.must(ctx, t, "delete", second.name, "--yes")
	}
	second.isGone(ctx, t)
	c.must(ctx, t, "status", c.name)
}

// saysWhatToDo wants an interrupted verb to end with an error and a hint.
func (c *cluster) saysWhatToDo(t *testing.T, r result) {
	t.Helper()
	list := r.events()
	if len(list) < 2 || list[len(list)-2].Type != "error" || list[len(list)-2].Text != "interrupted" || list[len(list)-1].Type != "hint" {
		t.Errorf("an interrupted run ends otherwise than with an error and a hint:\n%s", r)
	}
}

// controlPlaneChanges has create write the control plane's manifests anew: only
// what is another now may start again, and etcd is not.
func (c *cluster) controlPlaneChanges(ctx context.Context, t *testing.T) {
	t.Helper()
	plane := c.machine(machines.ControlPlane, 0).Name
	etcd := func() string { return c.docker.must(ctx, t, plane, "", "pgrep -x etcd") }
	before := etcd()
	r := c.must(ctx, t, append(c.createArgs(), "--set", "bootstrap.audit=false")...)
	t.Logf("create with another API server took %s", r.took.Round(100*time.Millisecond))
	if after := etcd(); after != before {
		t.Errorf("etcd was process %s, and is %s: it was started again for nothing", before, after)
	}
	took := await(ctx, t, "the API server without an audit log", time.Minute, func(ctx context.Context) (bool, string, error) {
		out, err := c.docker.on(ctx, plane, "", "ps axww -o args | grep [k]ube-apiserver")
		return err == nil && !strings.Contains(out, "--audit-log-path"), out, err
	})
	t.Logf("it ran %s later", ms(took))
	c.awaitAddons(ctx, t, "coredns", "flannel", "kube-proxy")
	if r.took > time.Minute {
		t.Errorf("create took %s, want less than a minute", r.took)
	}
}
