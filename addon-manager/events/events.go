// Package events tells people what happened to an addon or to the source, as
// Kubernetes events that `kubectl describe addon` shows.
package events

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

const (
	// waiting bounds the events that wait for the API server; what is more is lost.
	waiting = 256
	// patience is how long one of them may take.
	patience = 5 * time.Second
	// longest is the longest message that the API server takes.
	longest = 1024
	// namespace is where events about objects without a namespace live.
	namespace = "default"
	component = "turnup-addon-manager"
)

// Teller writes events in the background. Nobody waits for it, and what it cannot
// write at once is lost: the state itself is in the status of the object.
type Teller struct {
	client  typedcore.EventsGetter
	uid     func(addon string) types.UID
	log     *slog.Logger
	queue   chan event
	memory  *memory
	dropped atomic.Int64
}

type event struct {
	addon, kind, reason, message string
	at                           time.Time
}

// New returns a teller; Run makes it tell. uid names the object that an event is
// about, without which `kubectl describe` would not find it.
func New(client typedcore.EventsGetter, uid func(addon string) types.UID, log *slog.Logger) *Teller {
	return &Teller{client: client, uid: uid, log: log, queue: make(chan event, waiting), memory: newMemory()}
}

// Tell tells something about an addon, or about the source where the name is "".
// What was told a short while ago is not told again.
func (t *Teller) Tell(addon, kind, reason, message string) {
	e := event{addon: addon, kind: kind, reason: reason, message: short(message), at: time.Now()}
	if !t.memory.news(e) {
		return
	}
	select {
	case t.queue <- e:
	default:
		t.dropped.Add(1)
	}
}

// Dropped counts the events that were lost.
func (t *Teller) Dropped() int64 { return t.dropped.Load() }

// Run writes events until ctx ends.
func (t *Teller) Run(ctx context.Context) {
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-t.queue:
			err := t.write(ctx, e)
			if err != nil && ctx.Err() == nil {
				t.dropped.Add(1)
				if !failing {
					t.log.Warn("event not written", "addon", e.addon, "reason", e.reason, "error", err)
				}
			}
			failing = err != nil
		}
	}
}

func (t *Teller) write(ctx context.Context, e event) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	about := corev1.ObjectReference{
		APIVersion: api.GroupVersion().String(), Kind: "Addon", Name: e.addon, UID: t.uid(e.addon),
	}
	if e.addon == "" {
		about.Kind, about.Name = "AddonSource", api.SourceName
	}
	at := metav1.NewTime(e.at)
	_, err := t.client.Events(namespace).Create(ctx, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{GenerateName: about.Name + ".", Namespace: namespace},
		InvolvedObject: about, Type: e.kind, Reason: e.reason, Message: e.message,
		Source: corev1.EventSource{Component: component}, ReportingController: component,
		FirstTimestamp: at, LastTimestamp: at, Count: 1,
	}, metav1.CreateOptions{})
	return err
}

// short cuts what the API server would refuse for its length.
func short(text string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest-len("…")], "") + "…"
}
