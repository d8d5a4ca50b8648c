package manager_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"turnup.dev/kubectl-turnup/addon-manager/manager"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// requests counts what a client sends, without its watches.
type requests struct {
	next http.RoundTripper
	mu   sync.Mutex
	list []string
}

func (r *requests) RoundTrip(request *http.Request) (*http.Response, error) {
	if !strings.Contains(request.URL.RawQuery, "watch=") {
		r.mu.Lock()
		r.list = append(r.list, request.Method+" "+request.URL.Path)
		r.mu.Unlock()
	}
	return r.next.RoundTrip(request)
}

func (r *requests) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.list
	r.list = nil
	return list
}

// counted makes managers of this world count their requests.
func (w *world) counted() *requests {
	r := &requests{}
	w.rest = rest.CopyConfig(shared.Config)
	w.rest.Wrap(func(next http.RoundTripper) http.RoundTripper { r.next = next; return r })
	return r
}

func TestAManagerWithNothingToDoWritesNothing(t *testing.T) {
	w := newWorld(t)
	counter := w.counted()
	w.start()
	tree := join(configMap("quiet", "1"), map[string]string{
		"busy/kustomization.yaml": "resources: [all.yaml]\n",
		"busy/all.yaml": `
apiVersion: v1
kind: ServiceAccount
metadata: {name: busy, namespace: default}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: busy, namespace: default}
spec:
  replicas: 0
  selector: {matchLabels: {app: busy}}
  template:
    metadata: {labels: {app: busy}}
    spec: {containers: [{name: busy, image: busy}]}
`,
	})
	revision := w.push(tree)
	w.ready("quiet", revision)
	w.ready("busy", revision)
	t.Run("passes over a true cluster ask nothing", func(t *testing.T) {
		time.Sleep(2500 * time.Millisecond) // what is on its way, and one interval
		counter.take()
		time.Sleep(5 * time.Second) // two intervals
		if list := counter.take(); len(list) > 0 {
			t.Fatalf("%d requests: %s", len(list), strings.Join(list, ", "))
		}
	})
	t.Run("a new process writes nothing", func(t *testing.T) {
		w.halt()
		counter.take()
		w.start()
		time.Sleep(3 * time.Second)
		list := counter.take()
		for _, request := range list {
			if !strings.HasPrefix(request, http.MethodGet) {
				t.Errorf("it sent %s", request)
			}
		}
		t.Logf("%d reads: %s", len(list), strings.Join(list, ", "))
	})
	t.Run("what happened while it was away is undone", func(t *testing.T) {
		w.halt()
		w.delete("configmaps", "default", "quiet")
		w.start()
		w.eventually("the object is back", func() error { _, err := w.get("configmaps", "default", "quiet"); return err })
	})
}

func TestTwoManagersNeverActAtOnce(t *testing.T) {
	w := newWorld(t)
	_ = w
	var mu sync.Mutex
	acting, most := 0, 0
	ctx, cancel := context.WithCancel(context.Background())
	first, stopFirst := context.WithCancel(ctx)
	took := make(chan string, 2)
	lead := func(ctx context.Context, name string) <-chan error {
		done := make(chan error, 1)
		go func() {
			done <- manager.Lead(ctx, shared.Config, name, func(ctx context.Context) error {
				mu.Lock()
				acting++
				most = max(most, acting)
				mu.Unlock()
				took <- name
				<-ctx.Done()
				mu.Lock()
				acting--
				mu.Unlock()
				return nil
			})
		}()
		return done
	}
	a := lead(first, "a")
	if name := <-took; name != "a" {
		t.Fatal(name)
	}
	b := lead(ctx, "b")
	time.Sleep(time.Second)
	stopFirst()
	if err := <-a; err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	select {
	case <-took:
		t.Logf("handed over after %s", time.Since(begin))
	case <-time.After(15 * time.Second):
		t.Fatal("the second manager did not take over")
	}
	cancel()
	if err := <-b; err != nil {
		t.Fatal(err)
	}
	if most != 1 {
		t.Fatalf("%d managers acted at once", most)
	}
}

func TestKilledAnywhereItLosesSightOfNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds and kills processes")
	}
	w := newWorld(t)
	program := binary(t)
	tree := func() map[string]string {
		files := map[string]string{}
		for _, addon := range []string{"kill-a", "kill-b", "kill-c"} {
			var list []string
			for i := range 12 {
				if rand.N(3) == 0 {
					continue
				}
				file := fmt.Sprintf("o%d.yaml", i)
				list = append(list, file)
				files[addon+"/"+file] = fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s-%d, namespace: default}\ndata: {key: \"%d\"}\n",
					addon, i, rand.N(3))
			}
			if len(list) > 0 {
				files[addon+"/kustomization.yaml"] = "resources: [" + strings.Join(list, ", ") + "]\n"
			}
		}
		return files
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for round := range rounds(8, 100) {
		w.pushApproved(tree())
		process := exec.Command(program, "--kubeconfig", shared.Kubeconfig, "--identity", "kill", "--listen=", "--interval=1s")
		process.Stderr = log
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(150*time.Millisecond + rand.N(300*time.Millisecond))
		if err := process.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = process.Wait()
		w.inventoryCovers(round)
	}
	last := tree()
	revision := w.pushApproved(last)
	w.start()
	for _, addon := range []string{"kill-a", "kill-b", "kill-c"} {
		w.ready(addon, revision)
	}
	w.eventually("the cluster is the tree", func() error {
		for addon, want := range wanted(last) {
			if got := w.labelled(addon); strings.Join(got, ",") != strings.Join(want, ",") {
				return fmt.Errorf("%s has %v, not %v", addon, got, want)
			}
		}
		return nil
	})
}

// inventoryCovers fails if something of ours is in the cluster and in no inventory.
func (w *world) inventoryCovers(round int) {
	w.t.Helper()
	all := w.inventories()
	for addon := range map[string]bool{"kill-a": true, "kill-b": true, "kill-c": true} {
		for _, name := range w.labelled(addon) {
			if _, ok := all[addon][object.Ref{Kind: "ConfigMap", Namespace: "default", Name: name}]; !ok {
				w.t.Fatalf("round %d: ConfigMap %s is in the cluster and in no inventory", round, name)
			}
		}
	}
}

func (w *world) labelled(addon string) []string {
	list, err := w.config.ConfigMaps("default").List(context.Background(), metav1.ListOptions{LabelSelector: object.Label + "=" + addon})
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, item := range list.Items {
		names = append(names, item.Name)
	}
	return sorted(names)
}

func wanted(files map[string]string) map[string][]string {
	want := map[string][]string{}
	for file := range files {
		addon, base, _ := strings.Cut(file, "/")
		if number, ok := strings.CutPrefix(base, "o"); ok {
			want[addon] = append(want[addon], addon+"-"+strings.TrimSuffix(number, ".yaml"))
		}
	}
	for addon := range want {
		want[addon] = sorted(want[addon])
	}
	return want
}
