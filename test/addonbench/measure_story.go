package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// story is what happens to addons in the course of time.
func (s *scene) story(ctx context.Context) error {
	manager, err := s.program.start(s.cluster)
	if err != nil {
		return err
	}
	defer manager.stop()
	if err := manager.ready(ctx); err != nil {
		return err
	}
	if _, err := s.cluster.quiet(ctx); err != nil {
		return err
	}
	if err := s.drift(ctx); err != nil {
		return err
	}
	if err := s.change(ctx, manager); err != nil {
		return err
	}
	if err := s.broken(ctx); err != nil {
		return err
	}
	if err := s.polls(ctx, manager); err != nil {
		return err
	}
	now, peak, err := memory(manager.pid)
	s.add(s.n, "memory", ours, now)
	s.add(s.n, "memory peak", ours, peak)
	return err
}

// deletions is how many objects are deleted, among the changes by somebody else.
const deletions = 20

// drift changes and deletes objects at random, and waits until the manager has undone it.
func (s *scene) drift(ctx context.Context) error {
	s.say("%d changes by somebody else, and %d deletions", s.options.drifts, deletions)
	t := s.trees[ours]
	random := rand.New(rand.NewPCG(1, 2))
	for i := range s.options.drifts + deletions {
		d := t.objects[random.IntN(len(t.objects))]
		k := t.kinds[d.kind]
		resource := s.cluster.objects.Resource(k.gvr).Namespace(t.namespace)
		what, seen := "drift", fmt.Sprintf("drift-%d", i)
		touch := func() error {
			_, err := resource.Patch(ctx, d.name, types.MergePatchType, k.patch(seen), metav1.PatchOptions{FieldManager: "somebody"})
			return err
		}
		if i >= s.options.drifts {
			what, seen = "deleted", ""
			touch = func() error { return resource.Delete(ctx, d.name, metav1.DeleteOptions{}) }
		}
		took, err := s.undone(ctx, d.key(t.kinds), seen, touch)
		switch {
		case errors.Is(err, errLate):
			s.add(s.n, "drift lost", ours, 1)
			s.note("%s %s: %v", what, d.key(t.kinds), err)
		case err != nil:
			return err
		default:
			s.add(s.n, what, ours, milliseconds(took))
		}
		if err := sleep(ctx, time.Duration(50+random.IntN(150))*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// undone lets somebody touch an object and returns the time between the event that
// shows it and the event of its being as before.
func (s *scene) undone(ctx context.Context, key, seen string, touch func() error) (time.Duration, error) {
	was := s.state.of(key)
	changed := s.observer.expect(map[string]string{key: seen}, false)
	restored := s.observer.expect(map[string]string{key: was}, false)
	if err := touch(); err != nil {
		return 0, fmt.Errorf("touch %s: %w", key, err)
	}
	const budget = 10 * time.Second
	from, err := s.observer.wait(ctx, changed, budget)
	if err != nil {
		return 0, err
	}
	to, err := s.observer.wait(ctx, restored, budget)
	if err == nil && to.Before(from) {
		// That was a late event of the past, such as a status.
		to, err = s.observer.wait(ctx, s.observer.expect(map[string]string{key: was}, true), budget)
	}
	return to.Sub(from), err
}

// change changes one line of one addon, again and again.
func (s *scene) change(ctx context.Context, manager *manager) error {
	for i := range s.options.rounds + 2 {
		t := s.trees[ours]
		each := s.n / len(t.addons)
		key := t.objects[(i*37%len(t.addons))*each+i*6%each].key(t.kinds)
		next := s.state.with(key, fmt.Sprintf("change-%d", i))
		built, hasBuilt := manager.metric(ctx, "turnup_addons_built_total")
		found, err := s.measure(ctx, manager.pid, func() (time.Duration, error) {
			want := s.observer.expect(map[string]string{key: next.of(key)}, true)
			begin := time.Now()
			if err := s.push(ctx, next, nil); err != nil {
				return 0, err
			}
			end, err := s.observer.wait(ctx, want, 30*time.Second)
			return end.Sub(begin), err
		})
		if err != nil {
			return err
		}
		s.add(s.n, "change took", ours, milliseconds(found.took))
		s.add(s.n, "change requests", ours, float64(found.requests.total-1))
		s.add(s.n, "change client", ours, milliseconds(found.client))
		if after, ok := manager.metric(ctx, "turnup_addons_built_total"); ok && hasBuilt {
			s.add(s.n, "change built", ours, after-built)
		}
		s.say("%d objects, one line of %s changed, ours: %.0f ms, %s", s.n, key, milliseconds(found.took), found.requests)
	}
	for _, who := range []string{flux, plain} {
		t := s.trees[who]
		key := t.objects[0].key(t.kinds)
		found, err := s.measure(ctx, s.peers[who].pid, func() (time.Duration, error) {
			return s.peers[who].apply(ctx, s.state0().with(key, "changed"))
		})
		if err != nil {
			return err
		}
		s.add(s.n, "change took", who, milliseconds(found.took))
		s.add(s.n, "change requests", who, float64(found.requests.total-1))
		s.add(s.n, "change client", who, milliseconds(found.client))
		s.say("%d objects, one line changed, %s: %.0f ms, %s", s.n, who, milliseconds(found.took), found.requests)
	}
	return nil
}

// broken changes every object of all addons but the first, which is as good as
// the others, or cannot be applied, or cannot be built.
func (s *scene) broken(ctx context.Context) error {
	first := s.trees[ours].addons[0]
	variants := []struct {
		name string
		edit func(files map[string][]byte)
	}{
		{"none", nil},
		{"refused", func(files map[string][]byte) {
			path := first + "/objects.yaml"
			files[path] = append(files[path], "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name, namespace: ours}\n"...)
		}},
		{"unbuildable", func(files map[string][]byte) { files[first+"/kustomization.yaml"] = kustomization("missing.yaml") }},
	}
	for i := range s.options.broken {
		for j := range variants {
			// Each is the first in turn: this computer may become slower or faster.
			v := variants[(i+j)%len(variants)]
			if _, err := s.cluster.quiet(ctx); err != nil {
				return err
			}
			next := state{Value: fmt.Sprintf("%s-%d", v.name, i)}
			others := s.trees[ours].want(next)
			for _, d := range s.trees[ours].objects {
				if d.addon == first {
					delete(others, d.key(s.trees[ours].kinds))
				}
			}
			want := s.observer.expect(others, true)
			begin := time.Now()
			if err := s.push(ctx, next, v.edit); err != nil {
				return err
			}
			end, err := s.observer.wait(ctx, want, 2*time.Minute)
			if err != nil {
				return fmt.Errorf("one broken addon (%s): %w", v.name, err)
			}
			s.add(s.n, "broken "+v.name, ours, end.Sub(begin).Seconds())
			s.say("%d objects, one broken addon (%s): the others after %.2f s", s.n, v.name, end.Sub(begin).Seconds())
		}
	}
	return nil
}
