package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
)

// server answers every request with a ConfigMap or an open watch, and counts them.
func server(t *testing.T) (*rest.Config, *atomic.Int64) {
	t.Helper()
	asked := &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("watch") != "" {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		fmt.Fprint(w, `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x","namespace":"n"}}`)
	}))
	t.Cleanup(s.Close)
	return &rest.Config{Host: s.URL, QPS: -1}, asked
}

func proxied(t *testing.T, rules ...Rule) (*Proxy, typed.ConfigMapInterface, *atomic.Int64) {
	t.Helper()
	config, asked := server(t)
	p, err := New(config, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	p.Add(rules...)
	return p, typed.NewForConfigOrDie(p.Config()).ConfigMaps("n"), asked
}

func remove(ctx context.Context, client typed.ConfigMapInterface) error {
	return client.Delete(ctx, "x", metav1.DeleteOptions{})
}

func TestOnlyTheNthRequestIsHit(t *testing.T) {
	p, client, asked := proxied(t, Rule{Match: Of("delete", "configmaps"), Nth: 2, Fault: Fault{Status: 409}})
	for i := 1; i <= 3; i++ {
		err := remove(t.Context(), client)
		if apierrors.IsConflict(err) != (i == 2) {
			t.Errorf("request %d: %v", i, err)
		}
	}
	if asked.Load() != 2 || p.Hits() != 1 || p.Counts()["delete configmaps"] != 3 {
		t.Errorf("%d reached the server, %d were hit, counted %v", asked.Load(), p.Hits(), p.Counts())
	}
}

func TestAResetBreaksTheConnectionBeforeOrAfter(t *testing.T) {
	for _, forward := range []bool{false, true} {
		_, client, asked := proxied(t, Rule{Nth: 1, Fault: Fault{Reset: true, Forward: forward}})
		if err := remove(t.Context(), client); err == nil {
			t.Error("no error")
		}
		if got := asked.Load() == 1; got != forward {
			t.Errorf("forwarded: %v, not %v", got, forward)
		}
	}
}

func TestAHangEndsWithTheClientsPatience(t *testing.T) {
	_, client, asked := proxied(t, Rule{Fault: Fault{Hang: true}})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := remove(ctx, client); !errors.Is(err, context.DeadlineExceeded) || asked.Load() != 0 {
		t.Errorf("%v, %d forwarded", err, asked.Load())
	}
}

func TestWatchesAreCut(t *testing.T) {
	p, client, _ := proxied(t)
	watch, err := client.Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p.CutWatches()
	select {
	case _, open := <-watch.ResultChan():
		if open {
			t.Error("an event, not the end")
		}
	case <-time.After(10 * time.Second):
		t.Error("the watch goes on")
	}
}

func TestTheSameSeedMakesTheSameFaults(t *testing.T) {
	pattern := func() (list []bool, hits int) {
		_, client, _ := proxied(t, Rule{Chance: 0.3, Fault: Fault{Status: 403}})
		for range 60 {
			hit := remove(t.Context(), client) != nil
			if hit {
				hits++
			}
			list = append(list, hit)
		}
		return list, hits
	}
	first, hits := pattern()
	second, _ := pattern()
	if fmt.Sprint(first) != fmt.Sprint(second) || hits < 6 || hits > 36 {
		t.Errorf("%d hits\n%v\n%v", hits, first, second)
	}
}

func TestRequestsAreDescribed(t *testing.T) {
	for target, want := range map[string]Request{
		"GET /api/v1/namespaces":                                        {Verb: "list", Resource: "namespaces"},
		"GET /api/v1/namespaces/n":                                      {Verb: "get", Resource: "namespaces", Name: "n"},
		"PUT /api/v1/namespaces/n/finalize":                             {Verb: "update", Resource: "namespaces", Name: "n", Sub: "finalize"},
		"PATCH /api/v1/namespaces/n/configmaps/x?dryRun=All":            {Verb: "patch", Resource: "configmaps", Namespace: "n", Name: "x", DryRun: true},
		"DELETE /apis/apps/v1/namespaces/n/deployments":                 {Verb: "deletecollection", Resource: "deployments.apps", Namespace: "n"},
		"GET /apis/turnup.dev/v1alpha1/addons?watch=true":               {Verb: "watch", Resource: "addons.turnup.dev"},
		"PATCH /apis/turnup.dev/v1alpha1/addons/a/status?fieldManager=": {Verb: "patch", Resource: "addons.turnup.dev", Name: "a", Sub: "status"},
		"GET /apis": {Verb: "get"},
	} {
		var method, path string
		if _, err := fmt.Sscan(target, &method, &path); err != nil {
			t.Fatal(err)
		}
		got := describe(httptest.NewRequest(method, path, nil))
		got.Path = ""
		if got != want {
			t.Errorf("%s: %+v", target, got)
		}
	}
}
