package manager_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/test/faults"
)

// TestKilledAtAnyWriteItEndsInTheTree kills a real manager before or after one of its writes
// reaches the API server, over and over, while the tree changes. Whatever it left behind, the
// next one finds it.
func TestKilledAtAnyWriteItEndsInTheTree(t *testing.T) {
	a := newArena(t)
	f := newForest("kp")
	f.simple, f.sound = true, true
	a.clearAfter(f)
	s := a.plant(f)
	random := dice(seed())
	kills := 0
	for round := range rounds(16, 400) {
		for range 2 + random.IntN(8) {
			f.edit(random)
		}
		a.push(f)
		what := a.killAt(f, random)
		if what != "" {
			kills++
		}
		if err := a.covered(f); err != nil {
			t.Fatalf("round %d, killed %s: %v", round, what, err)
		}
		if round%8 != 7 {
			continue
		}
		last := a.process(a.proxy, "kill")
		a.settled(f)
		last.Kill()
		a.untouched(s)
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("%d kills", kills)
	if kills < rounds(16, 400)/2 {
		t.Errorf("only %d managers were killed in the middle of something", kills)
	}
}

// killAt starts a manager and kills it at one of its writes; "" if it never came so far.
func (a *arena) killAt(f *forest, random *rand.Rand) string {
	a.Helper()
	nth, forward := 1+random.IntN(14), random.IntN(2) == 0
	var victim *faults.Process
	started, killed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	a.proxy.Clear()
	a.proxy.Add(faults.Rule{Match: faults.Writes, Nth: nth, Fault: faults.Fault{Reset: true, Forward: forward, Call: func() {
		<-started
		victim.Kill()
		once.Do(func() { close(killed) })
	}}})
	defer a.proxy.Clear()
	victim = a.process(a.proxy, "kill")
	close(started)
	defer victim.Kill()
	for end := time.Now().Add(patient); time.Now().Before(end); {
		select {
		case <-killed:
			return fmt.Sprintf("at write %d (forwarded: %v)", nth, forward)
		case <-victim.Done():
			select {
			case <-killed:
			case <-time.After(time.Second):
				a.Fatalf("the manager ended by itself: %s", victim.Tail(2000))
			}
			continue
		case <-time.After(100 * time.Millisecond):
		}
		if a.equal(f) == nil {
			return ""
		}
	}
	a.Fatalf("it is neither killed at write %d nor done after %s: %v\n%s", nth, patient, a.equal(f), victim.Tail(4000))
	return ""
}

// TestAMoveIsNeverHalfForgotten moves an object to another addon while one step of that fails, takes
// the object out of the tree, and starts another manager.
func TestAMoveIsNeverHalfForgotten(t *testing.T) {
	moved := thing{kind: "ConfigMap", namespace: "default", name: "move-it", value: "1"}
	for what, fails := range map[string]func(faults.Request) bool{
		"the new addon cannot apply it": func(r faults.Request) bool { return r.Write() && r.Name == "move-it" },
		"the new addon cannot write its inventory": func(r faults.Request) bool {
			return r.Write() && r.Name == "inventory-move-to"
		},
		"the old addon cannot write its inventory": func(r faults.Request) bool {
			return r.Write() && r.Name == "inventory-move-from"
		},
	} {
		t.Run(what, func(t *testing.T) {
			a := newArena(t)
			f := newForest("move")
			f.put("from", moved)
			a.clearAfter(f)
			stop := a.manage()
			a.push(f)
			a.settled(f)
			a.proxy.Add(faults.Rule{Match: fails, Fault: faults.Fault{Status: http.StatusInternalServerError}})
			f.drop(moved)
			f.put("to", moved)
			a.push(f)
			time.Sleep(1500 * time.Millisecond)
			if err := a.covered(f); err != nil {
				t.Error(err)
			}
			stop()
			a.proxy.Clear()
			f.drop(moved)
			a.push(f)
			a.manage()
			a.settled(f)
		})
	}
}

// TestOfTwoManagersOneActs starts two real managers at once, each behind a proxy that counts.
func TestOfTwoManagersOneActs(t *testing.T) {
	a := newArena(t)
	f := newForest("two")
	f.simple, f.sound = true, true
	a.clearAfter(f)
	second, err := faults.New(a.cluster.Config, seed())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.Close)
	proxies := []*faults.Proxy{a.proxy, second}
	a.push(f)
	managers := []*faults.Process{a.process(a.proxy, "one"), a.process(second, "two")}
	random := dice(seed())
	for range 4 {
		a.settled(f)
		f.edit(random)
		a.push(f)
	}
	a.settled(f)
	leader := -1
	for i, proxy := range proxies {
		n := writes(proxy)
		t.Logf("manager %d: %d writes", i, n)
		if n > 0 && leader >= 0 {
			t.Fatal("both of them wrote")
		}
		if n > 0 {
			leader = i
		}
	}
	if leader < 0 {
		t.Fatal("neither of them wrote")
	}
	t.Run("and the other when it stops", func(t *testing.T) {
		if err := managers[leader].Terminate(); err != nil {
			t.Fatal(err)
		}
		if n := writes(proxies[leader]); n > 0 {
			t.Logf("%d writes on the way out", n)
		}
		for range 2 {
			f.edit(random)
		}
		a.push(f)
		a.settled(f)
		if writes(proxies[1-leader]) == 0 || writes(proxies[leader]) != 0 {
			t.Error("the wrong one wrote")
		}
	})
	if !soak() {
		return
	}
	t.Run("and the next when it is killed", func(t *testing.T) {
		third := a.process(proxies[leader], "three")
		defer third.Kill()
		time.Sleep(2 * time.Second)
		managers[1-leader].Kill()
		f.edit(random)
		a.push(f)
		a.until("the cluster is the tree", 2*time.Minute, func() error { return a.equal(f) })
	})
}

// writes counts and forgets what went through a proxy and changed something, but for the lease.
func writes(proxy *faults.Proxy) (n int) {
	for _, r := range proxy.Take() {
		if faults.Writes(r) {
			n++
		}
	}
	return n
}
