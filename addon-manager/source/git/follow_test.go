package git

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/source"
)

// follower runs Follow with a clock that the test holds.
type follower struct {
	mu        sync.Mutex
	tick      chan time.Time
	kick      chan struct{}
	pauses    []time.Duration
	trees     []source.Tree
	rewritten []bool
	looks     []error
	refuse    error
	ended     chan struct{}
}

func follow(t *testing.T, r *Repository, known string) *follower {
	t.Helper()
	f := &follower{tick: make(chan time.Time), kick: make(chan struct{}, 1), ended: make(chan struct{})}
	r.random = func() float64 { return 0.5 }
	r.after = func(d time.Duration) <-chan time.Time {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.pauses = append(f.pauses, d)
		return f.tick
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(f.ended)
		r.Follow(ctx, known, f.kick, func(tree source.Tree, rewritten bool) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.trees, f.rewritten = append(f.trees, tree), append(f.rewritten, rewritten)
			return f.refuse
		}, func(err error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.looks = append(f.looks, err)
		})
	}()
	t.Cleanup(func() { cancel(); <-f.ended })
	return f
}

// waiting blocks until so many looks are done, and returns the last one's error.
func (f *follower) waiting(t *testing.T, looks int) error {
	t.Helper()
	eventually(t, "a look", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return len(f.pauses) == looks
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.looks[looks-1]
}

func (f *follower) seen() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var revisions []string
	for _, tree := range f.trees {
		revisions = append(revisions, tree.Revision)
	}
	return revisions
}

func TestFollowOffersEachCommitOnceAndBacksOff(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	first := u.commit("first", manifest(1))
	var down atomic.Bool
	backend := u.backend()
	w := serve(t, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if down.Load() {
			answer.WriteHeader(http.StatusBadGateway)
			return
		}
		backend.ServeHTTP(answer, request)
	}), httptest.NewServer)
	f := follow(t, open(t, api.GitSpec{URL: w.url(), Interval: "10s"}, nil), "")
	if err := f.waiting(t, 1); err != nil || len(f.seen()) != 1 || f.seen()[0] != first {
		t.Fatalf("at first %v was seen: %v", f.seen(), err)
	}
	f.tick <- time.Time{}
	if err := f.waiting(t, 2); err != nil || len(f.seen()) != 1 {
		t.Fatalf("nothing changed, but %v was seen: %v", f.seen(), err)
	}
	second := u.commit("second", manifest(2))
	f.kick <- struct{}{}
	if err := f.waiting(t, 3); err != nil || len(f.seen()) != 2 || f.seen()[1] != second || f.rewritten[1] {
		t.Fatalf("after a kick %v was seen: %v", f.seen(), err)
	}
	down.Store(true)
	for i := range 5 {
		f.tick <- time.Time{}
		if err := f.waiting(t, 4+i); err == nil {
			t.Fatal("the server is down, and nobody is told")
		}
	}
	down.Store(false)
	f.mu.Lock()
	f.refuse = errors.New("the cluster is away")
	f.mu.Unlock()
	third := u.commit("third", manifest(3))
	f.tick <- time.Time{}
	if err := f.waiting(t, 9); err == nil || err.Error() != "the cluster is away" {
		t.Fatal(err)
	}
	f.mu.Lock()
	f.refuse = nil
	f.mu.Unlock()
	f.tick <- time.Time{}
	if err := f.waiting(t, 10); err != nil || len(f.seen()) != 4 || f.seen()[2] != third || f.seen()[3] != third {
		t.Fatalf("a tree that was not taken is not offered again: %v, %v", f.seen(), err)
	}
	want := []time.Duration{10, 10, 10, 20, 40, 80, 80, 80, 80, 10}
	for i := range want {
		if want[i] *= time.Second; f.pauses[i] != want[i] {
			t.Errorf("pause %d is %s, want %s", i, f.pauses[i], want[i])
		}
	}
	close(f.kick)
	f.waiting(t, 11)
	f.tick <- time.Time{}
	if err := f.waiting(t, 12); err != nil {
		t.Errorf("after the last kick: %v", err)
	}
}

func TestFollowEndsInTheMiddleOfARequest(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	w := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		asked <- struct{}{}
		<-request.Context().Done()
	}), httptest.NewServer)
	r := open(t, api.GitSpec{URL: w.url()}, nil)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Follow(ctx, "", nil, func(source.Tree, bool) error { return nil }, func(err error) { t.Errorf("told about its own end: %v", err) })
	}()
	<-asked
	cancel()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Error("it did not end")
	}
}

func TestPausesStayWithinTheirBounds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		interval time.Duration
		failures int
		middle   time.Duration
	}{
		{15 * time.Second, 0, 15 * time.Second}, {15 * time.Second, 1, 30 * time.Second}, {15 * time.Second, 3, 2 * time.Minute},
		{15 * time.Second, 1000, 2 * time.Minute}, {time.Second, 9, 8 * time.Second},
		{2 * time.Minute, 2, 5 * time.Minute}, {time.Hour, 0, time.Hour}, {time.Hour, 5, time.Hour},
	} {
		low, high := pause(test.interval, test.failures, 0), pause(test.interval, test.failures, 0.9999999)
		if low != test.middle*9/10 || high <= test.middle || high > test.middle*11/10 {
			t.Errorf("%s after %d failures: %s to %s", test.interval, test.failures, low, high)
		}
	}
}
