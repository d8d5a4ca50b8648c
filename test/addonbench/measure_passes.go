package main

import (
	"context"
	"fmt"
	"time"
)

func (s *scene) firstOfPeer(ctx context.Context, who string) error {
	want := s.observer.expect(s.trees[who].want(s.state), true)
	found, err := s.measure(ctx, s.peers[who].pid, func() (time.Duration, error) {
		took, err := s.peers[who].apply(ctx, s.state)
		if err != nil {
			return 0, err
		}
		_, err = s.observer.wait(ctx, want, time.Minute)
		return took, err
	})
	if err != nil {
		return err
	}
	return s.first(who, s.peers[who].pid, found)
}

func (s *scene) firstOfOurs(ctx context.Context) error {
	manager, err := s.program.start(s.cluster)
	if err != nil {
		return err
	}
	defer manager.stop()
	if err := manager.ready(ctx); err != nil {
		return err
	}
	found, err := s.measure(ctx, manager.pid, func() (time.Duration, error) {
		want := s.observer.expect(s.trees[ours].want(s.state), true)
		begin := time.Now()
		if err := s.push(ctx, s.state, nil); err != nil {
			return 0, err
		}
		end, err := s.observer.wait(ctx, want, 5*time.Minute)
		if err != nil {
			return 0, fmt.Errorf("%w\n%s", err, manager.tail())
		}
		return end.Sub(begin), nil
	})
	if err != nil {
		return err
	}
	if err := s.first(ours, manager.pid, found); err != nil {
		return err
	}
	if s.n != s.options.story {
		return nil
	}
	return s.idle(ctx, manager)
}

// first notes what the first apply took.
func (s *scene) first(who string, pid int, found measured) error {
	now, peak, err := memory(pid)
	if err != nil {
		return err
	}
	n := float64(s.n)
	s.add(s.n, "first requests", who, float64(found.requests.total-found.requests.books)/n)
	s.add(s.n, "first all requests", who, float64(found.requests.total)/n)
	if who == ours {
		s.add(s.n, "first books", who, float64(found.requests.books)/float64(addonsFor(s.n)))
	}
	s.add(s.n, "first rate", who, n/found.took.Seconds())
	s.add(s.n, "first apiserver", who, milliseconds(found.apiserver)/n)
	s.add(s.n, "first etcd", who, milliseconds(found.etcd)/n)
	s.add(s.n, "first client", who, milliseconds(found.client)/n)
	s.add(s.n, "memory", who, now)
	s.add(s.n, "memory peak", who, peak)
	s.note("%d objects, first apply, %s: %.1f s, %s", s.n, who, found.took.Seconds(), found.requests)
	return nil
}

// idle waits while nothing happens.
func (s *scene) idle(ctx context.Context, manager *manager) error {
	s.say("idle for %s", s.options.idle)
	found, err := s.measure(ctx, manager.pid, func() (time.Duration, error) {
		return s.options.idle, sleep(ctx, s.options.idle)
	})
	if err != nil {
		return err
	}
	s.add(s.n, "idle requests", ours, float64(found.requests.total))
	s.add(s.n, "idle writes", ours, float64(found.requests.writes))
	s.add(s.n, "idle client", ours, milliseconds(found.client)/s.options.idle.Minutes())
	now, _, err := memory(manager.pid)
	s.add(s.n, "memory", ours, now)
	s.note("%d objects, idle: %s", s.n, found.requests)
	return err
}

// noop lets everybody make a pass over a cluster that is as it should be. Ours
// begins with a restart, so that it does not run while the others do.
func (s *scene) noop(ctx context.Context) error {
	if err := s.noopOfOurs(ctx); err != nil {
		return err
	}
	for _, who := range []string{flux, plain} {
		found, err := s.measure(ctx, s.peers[who].pid, func() (time.Duration, error) {
			return s.peers[who].apply(ctx, s.state0())
		})
		if err != nil {
			return err
		}
		s.passed(who, found, 1)
	}
	return nil
}

// state0 is that of the peers: they stay at the first.
func (s *scene) state0() state { return state{Value: "first"} }

func (s *scene) noopOfOurs(ctx context.Context) error {
	before, err := s.cluster.quiet(ctx)
	if err != nil {
		return err
	}
	manager, err := s.program.start(s.cluster, "--interval=1s")
	if err != nil {
		return err
	}
	defer manager.stop()
	if err := s.restarted(ctx, manager, before); err != nil {
		return err
	}
	window := time.Duration(s.options.passes) * time.Second
	found, err := s.measure(ctx, manager.pid, func() (time.Duration, error) { return window, sleep(ctx, window) })
	if err != nil {
		return err
	}
	s.passed(ours, found, float64(s.options.passes))
	return nil
}

// passed notes what no-op passes took.
func (s *scene) passed(who string, found measured, passes float64) {
	s.add(s.n, "noop requests", who, float64(found.requests.total)/passes)
	s.add(s.n, "noop writes", who, float64(found.requests.writes)/passes)
	s.add(s.n, "noop client", who, milliseconds(found.client)/passes)
	s.add(s.n, "noop apiserver", who, milliseconds(found.apiserver)/passes)
	s.say("%d objects, %.0f no-op passes, %s: %s", s.n, passes, who, found.requests)
}

// restarted notes how a manager finds a cluster in which there is nothing to do.
func (s *scene) restarted(ctx context.Context, manager *manager, before snapshot) error {
	if err := manager.ready(ctx); err != nil {
		return err
	}
	took, err := steady(ctx, manager)
	if err != nil {
		return err
	}
	after, err := s.cluster.quiet(ctx)
	if err != nil {
		return err
	}
	requests := after.since(before)
	s.add(s.n, "restart steady", ours, took.Seconds())
	s.add(s.n, "restart requests", ours, float64(requests.total))
	s.add(s.n, "restart writes", ours, float64(requests.writes))
	s.add(s.n, "restart watches", ours, float64(watchesPerKind(requests.by)))
	s.say("%d objects, restart: steady after %.2f s, %s", s.n, took.Seconds(), requests)
	return nil
}

// watchesPerKind is how many watches the most watched kind of the tree has. ConfigMaps
// are left out: the addon source, one of them, is watched by itself.
func watchesPerKind(requests counts) (most int) {
	for _, k := range kinds() {
		if k.gvr.Resource != "configmaps" {
			most = max(most, requests[request{verb: "WATCH", resource: k.gvr.Resource}])
		}
	}
	return most
}

// steady is the time from a process's start until it has nothing more to do: the
// first third of a second in which it hardly computes.
func steady(ctx context.Context, manager *manager) (time.Duration, error) {
	const calm = 300 * time.Millisecond
	since := time.Since(manager.began)
	last, err := cpu(manager.pid)
	if err != nil {
		return 0, err
	}
	for {
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return 0, err
		}
		spent, err := cpu(manager.pid)
		if err != nil {
			return 0, err
		}
		if spent-last > 2*tick {
			since, last = time.Since(manager.began), spent
		}
		if time.Since(manager.began) > since+calm {
			return since, nil
		}
	}
}
