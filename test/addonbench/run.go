package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/source"
)

// The contestants.
const (
	ours  = "ours"
	flux  = "flux"
	plain = "plain"
)

// warm is the namespace of objects that nobody measures: the first object of a kind
// costs the API server more than all later ones, and somebody would have to be the first.
const warm = "warm"

// sampleKey names a series of samples.
type sampleKey struct {
	size int
	what string
	who  string
}

// run is one run of the benchmark.
type run struct {
	options options
	program program
	began   time.Time
	samples map[sampleKey][]float64
	notes   []string
}

func (r *run) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%4.0fs %s\n", time.Since(r.began).Seconds(), fmt.Sprintf(format, args...))
}

func (r *run) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
	r.say(format, args...)
}

func (r *run) add(size int, what, who string, value float64) {
	key := sampleKey{size, what, who}
	r.samples[key] = append(r.samples[key], value)
}

// scene is one control plane with the trees of all contestants.
type scene struct {
	*run
	n        int
	cluster  *cluster
	observer *observer
	trees    map[string]*tree
	peers    map[string]*peer
	// state is what our tree says by now.
	state state
}

// size measures everything at one number of objects.
func (r *run) size(ctx context.Context, n int) error {
	r.say("%d objects in %d addons: starting etcd and kube-apiserver", n, addonsFor(n))
	c, err := newCluster(ctx, ours, flux, plain, warm)
	if err != nil {
		return err
	}
	defer c.stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &scene{
		run: r, n: n, cluster: c, trees: map[string]*tree{}, peers: map[string]*peer{},
		state: state{Value: "first"},
	}
	s.observer, err = observe(ctx, c.objects, ours, flux, plain)
	if err != nil {
		return err
	}
	if err := warmUp(ctx, c, s.state); err != nil {
		return err
	}
	for _, who := range []string{ours, flux, plain} {
		s.trees[who] = newTree(who, n, addonsFor(n))
	}
	for _, who := range []string{flux, plain} {
		p, err := startPeer(c, who, s.trees[who])
		if err != nil {
			return err
		}
		defer p.stop()
		s.peers[who] = p
		if err := s.firstOfPeer(ctx, who); err != nil {
			return err
		}
	}
	if err := s.firstOfOurs(ctx); err != nil {
		return err
	}
	if n != r.options.story {
		return s.noop(ctx)
	}
	for range r.options.rounds {
		if err := s.noop(ctx); err != nil {
			return err
		}
	}
	return s.story(ctx)
}

func warmUp(ctx context.Context, c *cluster, first state) error {
	p, err := startPeer(c, plain, newTree(warm, 8, 1))
	if err != nil {
		return err
	}
	defer p.stop()
	_, err = p.apply(ctx, first)
	return err
}

// push ships our tree as the CLI does.
func (s *scene) push(ctx context.Context, next state, edit func(map[string][]byte)) error {
	files, err := s.trees[ours].files(next)
	if err != nil {
		return err
	}
	if edit != nil {
		edit(files)
	}
	_, err = source.Push(ctx, s.cluster.config, source.Tree{Files: files, Message: "bench"})
	s.state = next
	return err
}

// measured is what something took.
type measured struct {
	requests  tally
	took      time.Duration
	apiserver time.Duration
	etcd      time.Duration
	client    time.Duration
}

// measure does something while nobody else does anything, and tells what it has
// cost until all is quiet again. The CPU time is that until half a second after
// the end, since reading the API server's metrics costs some as well.
func (s *scene) measure(ctx context.Context, pid int, do func() (time.Duration, error)) (measured, error) {
	var found measured
	before, err := s.cluster.quiet(ctx)
	if err != nil {
		return found, err
	}
	pids := []int{s.cluster.apiserver, s.cluster.etcd, pid}
	spent := []*time.Duration{&found.apiserver, &found.etcd, &found.client}
	for i, pid := range pids {
		begin, err := cpu(pid)
		if err != nil {
			return found, err
		}
		*spent[i] = -begin
	}
	if found.took, err = do(); err != nil {
		return found, err
	}
	if err := sleep(ctx, 500*time.Millisecond); err != nil {
		return found, err
	}
	for i, pid := range pids {
		end, err := cpu(pid)
		if err != nil {
			return found, err
		}
		*spent[i] += end
	}
	after, err := s.cluster.quiet(ctx)
	found.requests = after.since(before)
	return found, err
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
