package manager_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/test/controlplane"
	"turnup.dev/kubectl-turnup/test/faults"
)

// troubled is a forest of some size, a manager in this process, and strangers.
func troubled(t *testing.T, prefix string) (*arena, *forest, *strangers, *rand.Rand) {
	t.Helper()
	a := newArena(t)
	f := newForest(prefix)
	f.simple, f.sound = true, true
	random := dice(seed())
	for range 16 {
		f.edit(random)
	}
	a.clearAfter(f)
	return a, f, a.plant(f), random
}

func some(f *forest, random *rand.Rand) {
	for range 4 {
		f.edit(random)
	}
}

// TestOneRequestInTenFails lets requests of every kind fail in every way at once.
func TestOneRequestInTenFails(t *testing.T) {
	a, f, s, random := troubled(t, "ten")
	for _, fault := range []faults.Fault{
		{Status: http.StatusTooManyRequests, RetryAfter: time.Second}, {Status: http.StatusTooManyRequests},
		{Status: http.StatusInternalServerError}, {Status: http.StatusServiceUnavailable}, {Status: http.StatusConflict},
		{Status: http.StatusConflict, Forward: true}, {Status: http.StatusInternalServerError, Forward: true},
		{Reset: true}, {Reset: true, Forward: true}, {Delay: 300 * time.Millisecond},
	} {
		a.proxy.Add(faults.Rule{Match: faults.Short, Chance: 0.01, Fault: fault})
	}
	a.proxy.Add(faults.Rule{Match: faults.Of("watch", ""), Chance: 0.1, Fault: faults.Fault{Status: http.StatusInternalServerError}})
	a.manage()
	for range rounds(6, 200) {
		a.push(f)
		a.settled(f)
		a.untouched(s)
		some(f, random)
	}
	t.Logf("%d requests were hit", a.proxy.Hits())
	if a.proxy.Hits() == 0 {
		t.Error("nothing was hit")
	}
}

// TestARevisionThatCouldNotBeReadIsReadAgain lets the first reads of a new revision fail.
func TestARevisionThatCouldNotBeReadIsReadAgain(t *testing.T) {
	a, f, _, random := troubled(t, "again")
	// Random bytes do not compress: the tree is too large to travel with its head.
	ballast := make([]byte, 600<<10)
	for i := range ballast {
		ballast[i] = byte(random.UintN(256))
	}
	push := func() {
		files := f.files()
		files["notes/ballast.bin"] = string(ballast)
		f.edited = false
		a.ship(files, "edit"+approved)
	}
	a.manage()
	push()
	a.settled(f)
	chunk := func(r faults.Request) bool { return r.Verb == "get" && strings.HasPrefix(r.Name, "addons-") }
	for _, fault := range []faults.Fault{{Status: http.StatusServiceUnavailable}, {Status: http.StatusNotFound}} {
		a.proxy.Clear()
		a.proxy.Add(faults.Rule{Match: chunk, Most: 2, Fault: fault})
		some(f, random)
		push()
		a.settled(f)
		if a.proxy.Hits() == 0 {
			t.Error("no read of a revision was hit")
		}
	}
}

func TestASlowAPIServerIsWaitedFor(t *testing.T) {
	a, f, s, random := troubled(t, "slow")
	a.proxy.Add(faults.Rule{Fault: faults.Fault{Delay: 250 * time.Millisecond}})
	a.manage()
	for range rounds(2, 10) {
		a.push(f)
		a.settled(f)
		a.untouched(s)
		some(f, random)
	}
}

// TestARequestThatHangsHoldsUpItsOwnAddonOnly holds one object's requests back without an end.
func TestARequestThatHangsHoldsUpItsOwnAddonOnly(t *testing.T) {
	a, f, _, random := troubled(t, "hang")
	f.put("stuck", thing{kind: "ConfigMap", namespace: "default", name: "hang-config", value: "1"})
	stuck := func(r faults.Request) bool { return r.Name == "hang-config" }
	a.proxy.Add(faults.Rule{Match: stuck, Fault: faults.Fault{Hang: true}})
	stop := a.manage()
	rest := func() error {
		whole := f.addons["hang-stuck"]
		delete(f.addons, "hang-stuck")
		defer func() { f.addons["hang-stuck"] = whole }()
		return a.held(f)
	}
	for range 2 {
		a.push(f)
		a.until("the other addons are as declared", 20*time.Second, rest)
		f.value(random)
	}
	if soak() {
		a.proxy.Clear()
		a.push(f)
		a.until("the cluster is the tree", 2*time.Minute, func() error { return a.equal(f) })
	}
	begin := time.Now()
	stop()
	t.Logf("stopped after %s", time.Since(begin))
}

func TestWatchesThatAreCutAgainAndAgainLoseNothing(t *testing.T) {
	a, f, s, random := troubled(t, "cut")
	a.manage()
	a.push(f)
	a.settled(f)
	ctx, stop := context.WithCancel(t.Context())
	done, cuts := make(chan struct{}), 0
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(400 * time.Millisecond):
				a.proxy.CutWatches()
				cuts++
			}
		}
	}()
	defer func() {
		stop()
		<-done
		t.Logf("%d cuts", cuts)
	}()
	for range rounds(5, 100) {
		some(f, random)
		t.Log(a.meddle(f, random))
		a.push(f)
		a.settled(f)
		t.Log(a.meddle(f, random))
		a.settled(f)
		a.untouched(s)
	}
}

// TestTheAPIServerEndsInTheMiddle kills or stops it and starts it again, while a revision is applied
// and while nothing happens.
func TestTheAPIServerEndsInTheMiddle(t *testing.T) {
	a, f, s, random := troubled(t, "srv")
	a.manage()
	const server = "kube-apiserver"
	t.Cleanup(func() {
		_ = a.cluster.Restart(server) // It runs, unless the test failed in between.
	})
	for round := range rounds(2, 20) {
		if round > 0 {
			some(f, random)
		}
		a.push(f)
		if round%2 == 0 {
			time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
		} else {
			a.settled(f)
		}
		end := a.cluster.Kill
		if round%3 == 1 {
			end = a.cluster.Terminate
		}
		if err := end(server); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.IntN(1000)) * time.Millisecond)
		if err := a.cluster.Restart(server); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		t.Log(a.meddle(f, random))
		a.settled(f)
		t.Logf("the tree again %s after the API server", time.Since(begin))
		a.untouched(s)
	}
}

// TestEtcdIsFullAndThenIsNot lets nothing be written for a while.
func TestEtcdIsFullAndThenIsNot(t *testing.T) {
	cluster := controlplane.Start(t, controlplane.Options{EtcdQuota: 48 << 20})
	a := arenaOn(t, cluster)
	f := newForest("full")
	f.simple, f.sound = true, true
	random := dice(seed())
	for range 10 {
		f.edit(random)
	}
	stop := a.manage()
	a.push(f)
	a.settled(f)
	stop()
	some(f, random)
	a.push(f)
	if err := cluster.Fill(); err != nil {
		t.Fatal(err)
	}
	a.manage()
	if _, err := a.tryShip(map[string]string{"x/y": "z"}, "full"); err == nil {
		t.Fatal("etcd takes writes still")
	}
	// Deleting is possible when nothing else is.
	keeper := a.resource(f, thing{kind: "ConfigMap", namespace: "default"})
	if err := keeper.Delete(t.Context(), "full-keeper", metav1.DeleteOptions{}); err != nil {
		t.Logf("not even deleting works: %v", err)
	}
	time.Sleep(2 * time.Second)
	if err := a.covered(f); err != nil {
		t.Error(err)
	}
	if err := cluster.Empty(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	a.settled(f)
	t.Logf("the tree again %s after there was room", time.Since(begin))
	some(f, random)
	a.push(f)
	a.settled(f)
}
