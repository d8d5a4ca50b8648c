package status_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/manifests"
	"turnup.dev/kubectl-turnup/addon-manager/status"
	"turnup.dev/kubectl-turnup/internal/serverside"
	"turnup.dev/kubectl-turnup/test/controlplane"
)

// shared is one control plane for all tests of this package; missing says why
// there is none.
var (
	shared  *controlplane.Cluster
	missing error
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "turnup-control-plane-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	shared, missing = controlplane.Run(dir, controlplane.Options{EtcdQuota: 32 << 20})
	if missing != nil && !errors.Is(missing, controlplane.ErrMissing) {
		fmt.Fprintln(os.Stderr, missing)
		os.Exit(1)
	}
	code := m.Run()
	if shared != nil {
		shared.Stop()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// world is a cluster with the manager's kinds and no objects of them.
type world struct {
	*testing.T
	client dynamic.Interface
	// counted is the writer's client; its writes are in asked.
	counted dynamic.Interface
	asked   *requests
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if missing != nil {
		t.Skipf("SKIPPED, NOTHING IS PROVEN: %v", missing)
	}
	w := &world{T: t, client: dynamic.NewForConfigOrDie(shared.Config), asked: &requests{}}
	objects, err := manifests.Render(manifests.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if kind := object.GetKind(); kind != "CustomResourceDefinition" && kind != "AddonSource" {
			continue
		}
		if err := serverside.Apply(t.Context(), w.client, object, 30*time.Second, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.client.Resource(api.Addons()).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	config := rest.CopyConfig(shared.Config)
	config.QPS = -1
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return w.asked.before(next) })
	w.counted = dynamic.NewForConfigOrDie(config)
	return w
}

// start runs a writer as a new manager would, until the test ends or stop.
func (w *world) start() (*status.Writer, *told, func()) {
	w.Helper()
	heard := &told{}
	writer := status.NewWriter(w.counted, slog.New(slog.NewTextHandler(w.Output(), nil)))
	writer.Tell(heard.hear)
	if err := writer.Load(w.Context()); err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); writer.Run(ctx) }()
	stop := func() { cancel(); <-done }
	w.Cleanup(stop)
	return writer, heard, stop
}

func (w *world) eventually(what string, check func() error) {
	w.Helper()
	deadline := time.Now().Add(40 * time.Second)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.Fatalf("%s: %v", what, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// becomes waits until an addon's status is as wanted.
func (w *world) becomes(name, ready, revision string) (found api.Addon) {
	w.Helper()
	w.eventually("addon "+name, func() error {
		u, err := w.client.Resource(api.Addons()).Get(w.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if found, err = api.DecodeAddon(u); err != nil {
			return err
		}
		if found.Status.Ready != ready || found.Status.Revision != revision {
			return fmt.Errorf("it is %q at %q", found.Status.Ready, found.Status.Revision)
		}
		return nil
	})
	return found
}

func as(ready, revision string) api.AddonStatus {
	built := api.Condition{Type: api.Built, Status: metav1.ConditionTrue}
	return api.AddonStatus{Ready: ready, Revision: revision, TreeHash: "hash of " + revision, Objects: 3, Conditions: []api.Condition{built}}
}

func TestACommitCostsOneWriteForEachChangedAddon(t *testing.T) {
	w := newWorld(t)
	writer, _, _ := w.start()
	const addons = 20
	for i := range addons {
		writer.Put(fmt.Sprint("addon-", i), as("True", "1"))
	}
	for i := range addons {
		w.becomes(fmt.Sprint("addon-", i), "True", "1")
	}
	before := w.asked.count()
	for i := range addons / 2 {
		name := fmt.Sprint("addon-", i)
		for range 5 {
			writer.Put(name, as("Unknown", "2"))
		}
		writer.Put(name, as("True", "2"))
	}
	for i := addons / 2; i < addons; i++ {
		writer.Put(fmt.Sprint("addon-", i), as("True", "1"))
	}
	for i := range addons / 2 {
		found := w.becomes(fmt.Sprint("addon-", i), "True", "2")
		if h := found.Status.History; len(h) != 2 || h[0].Revision != "2" || h[0].Outcome != "Ready" || h[1].Revision != "1" {
			t.Errorf("history is %+v", h)
		}
	}
	time.Sleep(2 * time.Second) // Nothing comes after it.
	if got := w.asked.count() - before; got != addons/2 {
		t.Errorf("%d addons changed, there were %d requests", addons/2, got)
	}
}

func TestANewManagerWritesNothingThatIsThere(t *testing.T) {
	w := newWorld(t)
	writer, _, stop := w.start()
	failed := as("False", "1")
	failed.Message, failed.Failures = "why", []api.Failure{{Object: "ConfigMap a/b", Reason: "ApplyFailed", Message: "why"}}
	failed.PendingPrune = &api.PendingPrune{Token: "t", Count: 1, Objects: []string{"ConfigMap a/b"}}
	source := api.SourceStatus{Revision: "1", Conditions: []api.Condition{{Type: api.Fetched, Status: metav1.ConditionTrue}}}
	writer.Put("addon", failed)
	writer.PutSource(source)
	w.becomes("addon", "False", "1")
	w.eventually("the source", func() error {
		found, _, err := api.ReadSource(t.Context(), w.client)
		if err == nil && (len(found.Status.History) == 0 || found.Status.History[0].Revision != "1") {
			err = fmt.Errorf("%+v", found.Status)
		}
		return err
	})
	stop()
	again, heard, _ := w.start()
	before := w.asked.count()
	again.Put("addon", failed)
	again.PutSource(source)
	time.Sleep(1500 * time.Millisecond)
	if got := w.asked.count() - before; got != 0 || len(heard.all()) != 0 {
		t.Errorf("%d requests, told %v", got, heard.all())
	}
	if got := again.Since("addon", "hash of 1", "2"); got != "1" {
		t.Errorf("an unchanged addon is of revision %s", got)
	}
	if got := again.Since("addon", "hash of 2", "2"); got != "2" {
		t.Errorf("a changed addon is of revision %s", got)
	}
}

func TestADeletedAddonIsMadeAgainWithItsHistory(t *testing.T) {
	w := newWorld(t)
	writer, _, _ := w.start()
	writer.Put("addon", as("True", "1"))
	w.becomes("addon", "True", "1")
	writer.Put("addon", as("True", "2"))
	before := w.becomes("addon", "True", "2")
	remove := func() {
		if err := w.client.Resource(api.Addons()).Delete(t.Context(), "addon", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("when a watch has seen it", func(t *testing.T) {
		remove()
		writer.Deleted("addon")
		after := w.becomes("addon", "True", "2")
		if after.UID == before.UID || len(after.Status.History) != 2 {
			t.Errorf("%+v", after)
		}
	})
	t.Run("when nobody has", func(t *testing.T) {
		remove()
		writer.Put("addon", as("False", "2"))
		if after := w.becomes("addon", "False", "2"); len(after.Status.History) != 2 {
			t.Errorf("%+v", after)
		}
	})
	t.Run("but not when it left the tree", func(t *testing.T) {
		writer.Remove("addon")
		w.eventually("it is gone", func() error {
			_, err := w.client.Resource(api.Addons()).Get(t.Context(), "addon", metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				return nil
			}
			return fmt.Errorf("it is there (%w)", err)
		})
		writer.Deleted("addon")
		time.Sleep(time.Second)
		if names := writer.Names(); len(names) != 0 {
			t.Errorf("there are %v", names)
		}
	})
}

func TestWhatPeopleAskForIsNeverTouched(t *testing.T) {
	w := newWorld(t)
	writer, _, _ := w.start()
	writer.Put("addon", as("True", "1"))
	w.becomes("addon", "True", "1")
	patch := []byte(`{"metadata":{"annotations":{"turnup.dev/reconcile":"now"}},"spec":{"suspend":true,"approvedPrune":"token"}}`)
	if _, err := w.client.Resource(api.Addons()).Patch(t.Context(), "addon", types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "somebody"}); err != nil {
		t.Fatal(err)
	}
	writer.Put("addon", as("False", "2"))
	found := w.becomes("addon", "False", "2")
	if !found.Spec.Suspend || found.Spec.ApprovedPrune != "token" || found.Annotations[api.ReconcileAnnotation] != "now" {
		t.Errorf("%+v", found)
	}
	for _, entry := range found.ManagedFields {
		if entry.Manager == status.FieldManager && strings.Contains(entry.FieldsV1.String(), "f:spec") {
			t.Errorf("it owns %s", entry.FieldsV1)
		}
	}
}

func TestTurnsAreToldOnceTheyAreWritten(t *testing.T) {
	w := newWorld(t)
	writer, heard, _ := w.start()
	writer.Put("addon", as("Unknown", "1"))
	w.becomes("addon", "Unknown", "1")
	writer.Put("addon", as("True", "1"))
	w.becomes("addon", "True", "1")
	broken := as("False", "1")
	broken.Conditions[0] = api.Condition{Type: api.Built, Status: metav1.ConditionFalse, Message: "line 3"}
	writer.Put("addon", broken)
	w.becomes("addon", "False", "1")
	writer.Put("addon", as("True", "2"))
	w.becomes("addon", "True", "2")
	w.eventually("what is told", func() error {
		var reasons []string
		for _, x := range heard.all() {
			reasons = append(reasons, x.Reason)
		}
		if got := strings.Join(reasons, " "); got != "BuildFailed Ready" {
			return errors.New(got)
		}
		return nil
	})
}

func TestAnAPIServerThatIsAwayIsSurvived(t *testing.T) {
	w := newWorld(t)
	writer, _, _ := w.start()
	const addons = 20
	for i := range addons {
		writer.Put(fmt.Sprint("addon-", i), as("True", "1"))
	}
	for i := range addons {
		w.becomes(fmt.Sprint("addon-", i), "True", "1")
	}
	if err := shared.Kill("kube-apiserver"); err != nil {
		t.Fatal(err)
	}
	before := w.asked.count()
	for revision := range 20 {
		for i := range addons {
			writer.Put(fmt.Sprint("addon-", i), as("Unknown", fmt.Sprint("x", revision)))
		}
		time.Sleep(50 * time.Millisecond)
	}
	for i := range addons {
		writer.Put(fmt.Sprint("addon-", i), as("True", "2"))
	}
	if got := w.asked.count() - before; got > 40 {
		t.Errorf("%d requests to nobody", got)
	}
	if err := shared.Restart("kube-apiserver"); err != nil {
		t.Fatal(err)
	}
	for i := range addons {
		if found := w.becomes(fmt.Sprint("addon-", i), "True", "2"); len(found.Status.History) != 2 {
			t.Errorf("history is %+v", found.Status.History)
		}
	}
}

func TestAFullEtcdIsSurvived(t *testing.T) {
	w := newWorld(t)
	writer, _, _ := w.start()
	writer.Put("addon", as("True", "1"))
	w.becomes("addon", "True", "1")
	if err := shared.Fill(); err != nil {
		t.Fatal(err)
	}
	full := true
	defer func() {
		if full {
			if err := shared.Empty(); err != nil {
				t.Error(err)
			}
		}
	}()
	writer.Put("addon", as("False", "2"))
	time.Sleep(time.Second)
	writer.Put("addon", as("True", "3"))
	time.Sleep(time.Second)
	if err := shared.Empty(); err != nil {
		t.Fatal(err)
	}
	full = false
	if found := w.becomes("addon", "True", "3"); len(found.Status.History) != 2 {
		t.Errorf("history is %+v", found.Status.History)
	}
}

func TestASourceIsMadeWhereThereIsNone(t *testing.T) {
	w := newWorld(t)
	if err := w.client.Resource(api.Sources()).Delete(t.Context(), api.SourceName, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	writer, _, _ := w.start()
	for _, revision := range []string{"1", "2"} {
		writer.PutSource(api.SourceStatus{Revision: revision, Author: "Ada", Message: "change " + revision})
		w.eventually("the source", func() error {
			found, made, err := api.ReadSource(t.Context(), w.client)
			if err == nil && (!made || found.Status.Revision != revision || found.Spec.Type != api.Push) {
				err = fmt.Errorf("%+v", found)
			}
			return err
		})
	}
	if history := writer.LastSource().History; len(history) != 2 || history[0].Revision != "2" || history[1].Message != "change 1" {
		t.Errorf("history is %+v", history)
	}
}

// told keeps what was told.
type told struct {
	mu   sync.Mutex
	list []status.Transition
}

func (h *told) hear(t status.Transition) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, t)
}

func (h *told) all() []status.Transition {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]status.Transition(nil), h.list...)
}

// requests counts what is not a GET.
type requests struct {
	mu sync.Mutex
	n  int
}

func (r *requests) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}

func (r *requests) before(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(request *http.Request) (*http.Response, error) {
		if request.Method != http.MethodGet {
			r.mu.Lock()
			r.n++
			r.mu.Unlock()
		}
		return next.RoundTrip(request)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
