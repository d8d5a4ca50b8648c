package manager_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// written counts what a manager writes, but for its own status, events and lease.
type written struct {
	next http.RoundTripper
	mu   sync.Mutex
	list []string
}

func (r *written) RoundTrip(request *http.Request) (*http.Response, error) {
	path := request.URL.Path
	own := strings.Contains(path, "/turnup.dev/v1alpha1/") || strings.Contains(path, "/events") || strings.Contains(path, "/leases")
	if request.Method != http.MethodGet && !strings.Contains(request.URL.RawQuery, "dryRun=All") && !own {
		r.mu.Lock()
		r.list = append(r.list, request.Method+" "+path)
		r.mu.Unlock()
	}
	return r.next.RoundTrip(request)
}

// about lists the writes to what has a text in its path.
func (r *written) about(text string) (list []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.list {
		if strings.Contains(line, text) {
			list = append(list, line)
		}
	}
	return list
}

func (w *world) watched() *written {
	r := &written{}
	w.rest = rest.CopyConfig(shared.Config)
	w.rest.Wrap(func(next http.RoundTripper) http.RoundTripper { r.next = next; return r })
	return r
}

// drifts waits until an addon has this much drift.
func (w *world) drifts(addon string, drift int, ready string) api.Addon {
	w.t.Helper()
	return w.addon(addon, func(a api.Addon) error {
		if a.Status.Drift != drift || a.Status.Ready != ready {
			return fmt.Errorf("drift is %d, ready %s: %s", a.Status.Drift, a.Status.Ready, a.Status.Message)
		}
		return nil
	})
}

func TestAnObservedAddonIsOnlyLookedAt(t *testing.T) {
	w := newWorld(t)
	counter := w.watched()
	w.start()
	observed := func(manifests ...string) map[string]string {
		return noted("obs", "turnup.dev/mode: observe", manifests...)
	}
	w.create("configmaps", "somebody", cm("obs-there", "a: theirs"))
	before := w.live("configmaps", "obs-there")
	w.step("from the beginning", func(t *testing.T) {
		w.push(observed(cm("obs-there", "a: ours"), cm("obs-new", "a: ours"), deployment("obs-deploy", "  replicas: 0\n")))
		a := w.drifts("obs", 3, "False")
		if a.Status.Message != "observed only: 3 objects differ from the tree" || a.Status.Mode != "observe" || len(a.Status.Failures) != 3 {
			t.Errorf("%s, mode %s, failures %+v", a.Status.Message, a.Status.Mode, a.Status.Failures)
		}
		if now := w.live("configmaps", "obs-there"); now.GetResourceVersion() != before.GetResourceVersion() {
			t.Error("it was written")
		}
		if _, err := w.get("configmaps", "default", "obs-new"); gone(err) != nil {
			t.Error("it was made")
		}
		if list := counter.about("obs"); len(list) > 0 {
			t.Errorf("it wrote %v", list)
		}
	})
	w.step("what comes to be as the tree has it is no drift", func(t *testing.T) {
		w.change("configmaps", "obs-there", "somebody", `{"data":{"a":"ours"},"metadata":{"labels":{"turnup.dev/addon":"obs"}}}`)
		w.drifts("obs", 2, "False")
		if list := counter.about("obs"); len(list) > 0 {
			t.Errorf("it wrote %v", list)
		}
	})
	w.step("enforced, it is applied", func(t *testing.T) {
		w.ready("obs", w.push(of("obs", cm("obs-there", "a: ours"), cm("obs-new", "a: ours"), cm("obs-old", "a: b"))))
		w.is("configmaps", "obs-new", "data.a", "ours")
		w.drifts("obs", 0, "True")
	})
	w.step("observed again, nothing is applied, repaired or pruned", func(t *testing.T) {
		w.push(observed(cm("obs-there", "a: ours"), cm("obs-new", "a: newer")))
		w.drifts("obs", 1, "False")
		done := len(counter.about("obs"))
		w.change("configmaps", "obs-there", "somebody", `{"data":{"a":"theirs"}}`)
		w.delete("configmaps", "default", "obs-new")
		w.drifts("obs", 2, "False")
		w.is("configmaps", "obs-there", "data.a", "theirs")
		w.live("configmaps", "obs-old")
		if list := counter.about("obs"); len(list) != done {
			t.Errorf("it wrote %v", list[done:])
		}
	})
	w.step("after a restart, too", func(t *testing.T) {
		w.halt()
		done := len(counter.about("obs"))
		w.start()
		w.through(observed(cm("obs-there", "a: ours"), cm("obs-new", "a: newest")))
		w.drifts("obs", 2, "False")
		if list := counter.about("obs"); len(list) != done {
			t.Errorf("it wrote %v", list[done:])
		}
	})
	w.step("it holds up nobody that depends on it", func(t *testing.T) {
		w.ready("needs-obs", w.push(join(observed(cm("obs-there", "a: ours"), cm("obs-new", "a: newest")),
			noted("needs-obs", "turnup.dev/depends-on: obs", cm("obs-needs", "a: b")))))
	})
	w.step("enforced again, all of it is made up for", func(t *testing.T) {
		w.ready("obs", w.push(of("obs", cm("obs-there", "a: ours"), cm("obs-new", "a: newest"))))
		w.is("configmaps", "obs-there", "data.a", "ours")
		w.is("configmaps", "obs-new", "data.a", "newest")
		w.vanished("configmaps", "obs-old")
	})
}

func TestASuspendedAddonIsLeftAsItIs(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.ready("sus", w.push(of("sus", cm("sus-one", "a: b"), cm("sus-two", "a: b"))))
	w.ask("sus", `{"suspend":true}`)
	w.says("sus", "suspended")
	tree := of("sus", cm("sus-one", "a: c"), cm("sus-three", "a: b"))
	asWas := func(t *testing.T) {
		t.Helper()
		w.is("configmaps", "sus-one", "data.a", "drifted")
		w.live("configmaps", "sus-two")
		if _, err := w.get("configmaps", "default", "sus-three"); gone(err) != nil {
			t.Error("it was applied")
		}
	}
	w.step("no commit, no repair, no prune", func(t *testing.T) {
		w.patch("configmaps", "default", "sus-one", `{"data":{"a":"drifted"}}`)
		w.drifts("sus", 1, "Unknown")
		w.through(tree)
		asWas(t)
	})
	w.step("nor after a restart", func(t *testing.T) {
		w.halt()
		w.start()
		w.through(tree)
		asWas(t)
	})
	w.step("nor when it leaves the tree", func(t *testing.T) {
		w.through(map[string]string{})
		asWas(t)
		w.through(tree)
	})
	w.step("resumed, all of it is made up for", func(*testing.T) {
		w.ask("sus", `{"suspend":false}`)
		w.becomes("configmaps", "sus-one", "data.a", "c")
		w.there("configmaps", "sus-three")
		w.vanished("configmaps", "sus-two")
	})
}

// sourced makes an AddonSource with a spec, until the test ends.
func (w *world) sourced(spec string) {
	w.t.Helper()
	u := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"type": "push"}}}
	u.SetAPIVersion("turnup.dev/v1alpha1")
	u.SetKind("AddonSource")
	u.SetName(api.SourceName)
	sources := w.objects.Resource(api.Sources())
	if _, err := sources.Apply(w.t.Context(), api.SourceName, u, metav1.ApplyOptions{FieldManager: "somebody", Force: true}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := sources.Patch(w.t.Context(), api.SourceName, types.MergePatchType, []byte(`{"spec":`+spec+`}`), metav1.PatchOptions{FieldManager: "somebody"}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) unsourced() {
	_ = w.objects.Resource(api.Sources()).Delete(w.t.Context(), api.SourceName, metav1.DeleteOptions{})
}

func TestASuspendedSourceIsNotFollowed(t *testing.T) {
	w := newWorld(t)
	w.unsourced()
	t.Cleanup(func() { w.unsourcedLater() })
	w.start()
	first := w.push(configMap("held", "1"))
	w.ready("held", first)
	w.source(func(s api.SourceStatus) error { return inForce(s, first) })
	w.sourced(`{"suspend":true}`)
	w.eventually("the manager knows", func() error { return w.logged("suspend=true") })
	w.step("a pushed head is left alone, and drift undone", func(*testing.T) {
		w.push(configMap("held", "2"))
		w.eventually("it is said", func() error { return w.logged("suspended: revision not followed") })
		w.delete("configmaps", "default", "held")
		w.becomes("configmaps", "held", "data.key", "1")
	})
	w.step("after a restart, too", func(*testing.T) {
		w.halt()
		w.delete("configmaps", "default", "held")
		w.start()
		w.becomes("configmaps", "held", "data.key", "1")
	})
	w.step("resumed, the newest is followed", func(*testing.T) {
		w.sourced(`{"suspend":false}`)
		w.becomes("configmaps", "held", "data.key", "2")
	})
}

func (w *world) unsourcedLater() {
	_ = w.objects.Resource(api.Sources()).Delete(noContext(), api.SourceName, metav1.DeleteOptions{})
}

func (w *world) logged(text string) error {
	if !w.log.has(text) {
		return fmt.Errorf("nothing is logged of %q", text)
	}
	return nil
}

func inForce(s api.SourceStatus, revision string) error {
	if s.Revision != revision {
		return fmt.Errorf("revision %s is in force", s.Revision)
	}
	return nil
}

func TestTheSourceTellsWhatIsInForce(t *testing.T) {
	w := newWorld(t)
	w.unsourced()
	t.Cleanup(func() { w.unsourcedLater() })
	w.start()
	conditions := func(fetched, usable metav1.ConditionStatus, text string) func(api.SourceStatus) error {
		return func(s api.SourceStatus) error {
			all := fmt.Sprintf("%+v", s.Conditions)
			for _, c := range s.Conditions {
				if c.Type == api.Fetched && c.Status != fetched || c.Type == api.Usable && c.Status != usable {
					return fmt.Errorf("conditions are %s", all)
				}
			}
			if len(s.Conditions) != 2 || !strings.Contains(all, text) {
				return fmt.Errorf("conditions are %s", all)
			}
			return nil
		}
	}
	first := w.push(configMap("told", "1"))
	w.source(conditions("True", "True", ""))
	w.push(map[string]string{"README.md": "nothing\n"})
	w.source(conditions("True", "False", "empty"))
	second := w.push(configMap("told", "2"))
	w.source(conditions("True", "True", ""))
	w.source(func(s api.SourceStatus) error {
		if len(s.History) != 3 || s.History[0].Revision != second || s.History[2].Revision != first || s.Message != t.Name() {
			return fmt.Errorf("history is %+v, message %q", s.History, s.Message)
		}
		return nil
	})
	w.eventually("an event tells the empty tree", func() error { return w.event(api.SourceName, "SourceFailed", "empty") })
	w.eventually("and that it is over", func() error { return w.event(api.SourceName, "SourceRecovered", "") })
}

func TestAnAddonTellsWhatItWas(t *testing.T) {
	w := newWorld(t)
	w.start()
	var revisions []string
	for i := range 12 {
		revision := w.push(of("past", cm("past", fmt.Sprintf("a: %q", fmt.Sprint(i)))))
		w.ready("past", revision)
		revisions = append(revisions, revision)
	}
	failed := w.push(of("past", cm("past", "a: [1]")))
	w.says("past", "ConfigMap default/past not applied")
	a := w.addon("past", func(a api.Addon) error {
		if a.Status.Revision != failed {
			return fmt.Errorf("revision is %s", a.Status.Revision)
		}
		return nil
	})
	if len(a.Status.History) != 10 || a.Status.History[0].Outcome != "Failed" || a.Status.History[0].Revision != failed {
		t.Fatalf("history is %+v", a.Status.History)
	}
	for i, change := range a.Status.History[1:] {
		if want := revisions[len(revisions)-1-i]; change.Revision != want || change.Outcome != "Ready" {
			t.Errorf("entry %d is %+v, not %s", i+1, change, want)
		}
	}
	w.step("an Addon that somebody deletes comes back, with its past, and nothing else happens", func(t *testing.T) {
		w.ready("past", w.push(of("past", cm("past", "a: last"))))
		before := w.live("configmaps", "past")
		old := w.addon("past", func(api.Addon) error { return nil })
		if err := w.objects.Resource(api.Addons()).Delete(t.Context(), "past", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		w.addon("past", func(a api.Addon) error {
			if a.UID == old.UID || a.Status.Ready != "True" || len(a.Status.History) != len(old.Status.History) {
				return fmt.Errorf("%s, %s, %d past states", a.UID, a.Status.Ready, len(a.Status.History))
			}
			return nil
		})
		if now := w.live("configmaps", "past"); now.GetResourceVersion() != before.GetResourceVersion() {
			t.Error("its object was written")
		}
	})
	w.step("so does one that was deleted while nobody looked", func(t *testing.T) {
		w.halt()
		if err := w.objects.Resource(api.Addons()).Delete(t.Context(), "past", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		w.start()
		w.addon("past", func(a api.Addon) error {
			if a.Status.Ready != "True" {
				return fmt.Errorf("%s", a.Status.Ready)
			}
			return nil
		})
	})
}

func TestAFightIsNamedDampedAndForgotten(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.ready("fight", w.push(join(of("fight", cm("fight", "a: ours")), configMap("calm", "1"))))
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { done <- n }()
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
			_, err := w.resource("configmaps", "default").Patch(noContext(), "fight", types.MergePatchType,
				fmt.Appendf(nil, `{"data":{"a":"theirs %d"}}`, n), metav1.PatchOptions{FieldManager: "rival-operator"})
			if err == nil {
				n++
			}
		}
	}()
	a := w.addon("fight", func(a api.Addon) error {
		for _, f := range a.Status.Failures {
			if f.Reason == "Contested" && strings.Contains(f.Message, "rival-operator") && strings.Contains(f.Object, "fight") {
				return nil
			}
		}
		return fmt.Errorf("failures are %+v", a.Status.Failures)
	})
	if !strings.Contains(a.Status.Message, "rival-operator") {
		t.Errorf("message is %q", a.Status.Message)
	}
	w.ready("calm", w.push(join(of("fight", cm("fight", "a: ours")), configMap("calm", "2"))))
	close(stop)
	theirs, ours := <-done, w.log.count("drift undone")
	if ours > 12 || theirs < 2*ours {
		t.Errorf("they changed it %d times, it was repaired %d times", theirs, ours)
	}
	w.eventually("an event says so", func() error { return w.event("fight", "Contested", "rival-operator") })
	w.becomes("configmaps", "fight", "data.a", "ours")
}
