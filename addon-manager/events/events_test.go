package events_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"

	"turnup.dev/kubectl-turnup/addon-manager/events"
	"turnup.dev/kubectl-turnup/test/controlplane"
)

func TestEventsReachTheAPIServer(t *testing.T) {
	cluster := controlplane.Start(t, controlplane.Options{})
	client := typedcore.NewForConfigOrDie(cluster.Config)
	teller := events.New(client, func(addon string) types.UID { return types.UID("uid of " + addon) }, slog.New(slog.NewTextHandler(t.Output(), nil)))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); teller.Run(ctx) }()
	defer func() { cancel(); <-done }()

	about := func(kind, name, uid string) (found []corev1.Event) {
		t.Helper()
		// This is how `kubectl describe` asks.
		selector := fmt.Sprintf("involvedObject.name=%s,involvedObject.namespace=,involvedObject.kind=%s,involvedObject.uid=%s", name, kind, uid)
		list, err := client.Events("").List(t.Context(), metav1.ListOptions{FieldSelector: selector})
		if err != nil {
			t.Fatal(err)
		}
		return list.Items
	}
	waitFor := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: never", what)
			}
		}
	}
	t.Run("about the addon and about the source, once", func(t *testing.T) {
		for range 10 {
			teller.Tell("coredns", events.Warning, events.ApplyFailed, strings.Repeat("ü", 10_000))
			teller.Tell("", events.Normal, events.SourceRecovered, "revision 1")
		}
		teller.Tell("coredns", events.Normal, events.Pruned, "3 objects")
		waitFor("the last event", func() bool { return len(about("Addon", "coredns", "uid of coredns")) == 2 })
		if found := about("AddonSource", "addons", "uid of "); len(found) != 1 || found[0].Reason != events.SourceRecovered || found[0].Type != corev1.EventTypeNormal {
			t.Errorf("about the source: %+v", found)
		}
		for _, e := range about("Addon", "coredns", "uid of coredns") {
			if e.Namespace != "default" || e.Count != 1 || e.LastTimestamp.IsZero() || e.Source.Component != "turnup-addon-manager" {
				t.Errorf("%+v", e)
			}
		}
		if teller.Dropped() != 0 {
			t.Errorf("%d are lost", teller.Dropped())
		}
	})
	t.Run("and those for nobody are counted, not kept", func(t *testing.T) {
		if err := cluster.Kill("kube-apiserver"); err != nil {
			t.Fatal(err)
		}
		for i := range 2000 {
			teller.Tell(fmt.Sprint("addon-", i), events.Normal, events.Ready, "again")
		}
		waitFor("all are lost", func() bool { return teller.Dropped() == 2000 })
		if err := cluster.Restart("kube-apiserver"); err != nil {
			t.Fatal(err)
		}
		waitFor("events are written again", func() bool {
			teller.Tell("later", events.Normal, events.Ready, time.Now().String())
			return len(about("Addon", "later", "uid of later")) > 0
		})
	})
}
