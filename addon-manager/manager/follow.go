package manager

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/source"
)

// origin is what is known about where the tree comes from.
type origin struct {
	// turn is held while a head is followed.
	turn sync.Mutex

	mu sync.Mutex
	// head is the newest that was seen, followed or not.
	head *source.Head
	// read says why the newest revision is not in force.
	read error
	// polled says why the repository could not be asked.
	polled error
	// asking: the repository that is followed has not answered yet.
	asking bool
	// tries counts the vain attempts to read the newest.
	tries int
	// usable says what is wrong with the revision in force.
	usable error
	// stop ends the following of a repository; kick makes it look at once.
	stop func()
	kick chan struct{}
}

// follow takes each new head of the revisions in the cluster.
func (m *Manager) follow(ctx context.Context) {
	source.Watch(ctx, m.config, func(head source.Head, err error) { m.found(ctx, head, err) },
		func(err error) { m.log.Warn("source not watched", "error", err) })
}

// redirected takes a changed AddonSource.
func (m *Manager) redirected(last, next sourceAsk) {
	m.mu.Lock()
	working := m.working
	m.mu.Unlock()
	if !working || m.context.Err() != nil {
		return // Run begins with what is asked for by then.
	}
	if last.reconcile != next.reconcile {
		m.log.Info("asked to look again")
		m.kick()
	}
	last.reconcile = next.reconcile
	if sameSource(last, next) {
		m.wakeAll()
		return
	}
	m.log.Info("source", "type", next.Type, "suspend", next.Suspend)
	m.repository(m.context, next)
	m.origin.mu.Lock()
	head := m.origin.head
	m.origin.mu.Unlock()
	if head != nil {
		m.found(m.context, *head, nil)
	}
	m.mu.Lock()
	m.weigh()
	m.mu.Unlock()
	m.wakeAll()
}

// held tells whether a pushed head is to be left alone.
func (m *Manager) held(head source.Head) bool {
	ask := m.asks.origin()
	if !ask.Suspend || ask.Type == api.Git {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tree.Revision != "" {
		return m.tree.Revision != head.Revision
	}
	return ask.revision != "" && ask.revision != head.Revision
}

// found takes a new head. Where it cannot be used, the last tree goes on being
// enforced; a manager that has none takes the newest revision that is whole.
func (m *Manager) found(ctx context.Context, head source.Head, err error) {
	m.origin.turn.Lock()
	defer m.origin.turn.Unlock()
	if err == nil {
		m.origin.mu.Lock()
		kept := head.Slim()
		m.origin.head = &kept
		m.origin.mu.Unlock()
	}
	m.take(ctx, head, err)
}

// again takes the newest head once more, later each time, as long as it cannot be read.
func (m *Manager) again(ctx context.Context, head source.Head) {
	m.origin.mu.Lock()
	wait := min(200*time.Millisecond<<min(m.origin.tries, 10), 30*time.Second)
	m.origin.tries++
	m.origin.mu.Unlock()
	m.running.Go(func() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		m.origin.turn.Lock()
		defer m.origin.turn.Unlock()
		m.origin.mu.Lock()
		newest := m.origin.head != nil && m.origin.head.Is(head)
		m.origin.mu.Unlock()
		if newest {
			m.take(ctx, head, nil)
		}
	})
}

func (m *Manager) take(ctx context.Context, head source.Head, err error) {
	whole := err == nil
	var tree source.Tree
	switch {
	case err == nil && m.held(head):
		m.log.Info("suspended: revision not followed", "revision", head.Revision)
		if !m.first() {
			return
		}
		if err = m.fallBack(ctx, nil); err == nil {
			return
		}
	case err == nil && m.inForce(head):
		m.origin.mu.Lock()
		m.origin.read, m.origin.tries = nil, 0
		m.origin.mu.Unlock()
		m.tellSource()
		return
	case err == nil:
		if tree, err = source.Read(ctx, m.config, head); err != nil && m.first() {
			err = errors.Join(err, m.fallBack(ctx, err))
		}
	case m.first():
		err = errors.Join(err, m.fallBack(ctx, err))
	}
	if ctx.Err() != nil {
		return
	}
	m.origin.mu.Lock()
	last := m.origin.read
	m.origin.read = err
	if err == nil {
		m.origin.tries = 0
	}
	m.origin.mu.Unlock()
	if err == nil {
		m.log.Info("revision", "revision", tree.Revision, "author", tree.Author, "message", tree.Message)
		m.revise(ctx, tree, nil)
		return
	}
	if text(last) != text(err) {
		m.log.Error("source", "error", err)
	}
	if whole {
		m.again(ctx, head.Slim())
	}
	m.tellSource()
	m.wakeAll()
}

func (m *Manager) first() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tree.Revision == ""
}

func (m *Manager) inForce(head source.Head) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tree.Revision == head.Revision && m.tree.SHA256 == head.SHA256 && !m.instead
}

// fallBack takes the newest revision that is whole out of those that are kept or,
// where the source is suspended, the one that it was suspended at. why says why the
// newest of all is not taken.
func (m *Manager) fallBack(ctx context.Context, why error) error {
	heads, err := source.Revisions(ctx, m.config)
	if err != nil {
		return err
	}
	revision := ""
	if ask := m.asks.origin(); ask.Suspend && ask.Type != api.Git && ask.revision != "" {
		revision, why = ask.revision, nil
	}
	for _, head := range heads {
		if revision != "" && head.Revision != revision {
			continue
		}
		if tree, err := source.Read(ctx, m.config, head); err == nil {
			m.log.Warn("older revision kept", "revision", tree.Revision)
			m.revise(ctx, tree, why)
			return nil
		}
	}
	if revision != "" {
		return fmt.Errorf("the source is suspended at revision %s, which is not in the cluster any more; resume it, or roll back to another", revision)
	}
	return nil
}

// tellSource publishes what is known about the source.
func (m *Manager) tellSource() {
	m.origin.mu.Lock()
	fetched, usable, asking := errors.Join(m.origin.polled, m.origin.read), m.origin.usable, m.origin.asking
	m.origin.mu.Unlock()
	m.mu.Lock()
	tree := m.tree
	m.mu.Unlock()
	if tree.Revision == "" {
		if fetched == nil {
			return
		}
		// What the last manager had in force still is what the cluster is like.
		last := m.writer.LastSource()
		tree.Revision, tree.Author, tree.Message = last.Revision, last.Author, last.Message
	}
	read := condition(api.Fetched, fetched, "Unreadable")
	if asking && fetched == nil {
		read = say(api.Fetched, metav1.ConditionUnknown, "Asking", "the repository has not answered yet")
	}
	m.writer.PutSource(api.SourceStatus{
		Revision: tree.Revision, Author: tree.Author, Message: headline(tree.Message),
		Conditions: []api.Condition{read, condition(api.Usable, usable, "Unusable")},
	})
}

func condition(kind string, err error, reason string) api.Condition {
	if err != nil {
		return api.Condition{Type: kind, Status: metav1.ConditionFalse, Reason: reason, Message: err.Error()}
	}
	return api.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: kind}
}

// headline is the first line of a commit's message.
func headline(message string) string {
	line, _, _ := strings.Cut(message, "\n")
	return line
}
