package manager

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/events"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/addon-manager/source/git"
)

// repository follows the repository that an AddonSource names, or none. What it
// finds becomes a revision in the cluster like any other, so that the last good
// one is there when the repository is not.
func (m *Manager) repository(ctx context.Context, ask sourceAsk) {
	m.origin.mu.Lock()
	stop := m.origin.stop
	m.origin.stop, m.origin.kick, m.origin.polled = nil, nil, nil
	follows := ask.Type == api.Git && !ask.Suspend && ask.Git != nil
	m.origin.asking = follows
	m.origin.mu.Unlock()
	if stop != nil {
		stop()
	}
	if !follows {
		return
	}
	m.origin.mu.Lock()
	// Once more: the last word of the one before does not count.
	m.origin.polled, m.origin.asking = nil, true
	m.origin.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	kick := make(chan struct{}, 1)
	m.origin.mu.Lock()
	m.origin.kick = kick
	m.origin.stop = func() { cancel(); <-done }
	m.origin.mu.Unlock()
	m.running.Go(func() {
		defer close(done)
		defer cancel()
		m.poll(ctx, *ask.Git, kick)
	})
}

// kick makes the repository be asked at once, and every addon be looked at.
func (m *Manager) kick() {
	m.origin.mu.Lock()
	kick := m.origin.kick
	m.origin.mu.Unlock()
	if kick != nil {
		select {
		case kick <- struct{}{}:
		default:
		}
	}
	m.mu.Lock()
	for _, w := range m.workers {
		w.hurry.Store(true)
	}
	m.mu.Unlock()
	m.wakeAll()
}

// poll follows one repository until ctx ends. A Secret that is missing or wrong
// is read again until it is not.
func (m *Manager) poll(ctx context.Context, spec api.GitSpec, kick chan struct{}) {
	const (
		again  = 15 * time.Second
		reread = 5 * time.Minute
	)
	// The same commit is another tree at another path, so the first one is always read.
	known := ""
	found := func(tree source.Tree, rewritten bool) error {
		err := m.fetched(ctx, tree, rewritten)
		if err == nil {
			known = tree.Revision
		}
		return err
	}
	for ctx.Err() == nil {
		secret, err := m.credentials(ctx, spec.Secret)
		var repository *git.Repository
		if err == nil {
			repository, err = git.New(git.Options{Spec: spec, Secret: secret})
		}
		if err != nil {
			m.polled(err)
			select {
			case <-ctx.Done():
			case <-kick:
			case <-time.After(again):
			}
			continue
		}
		// A password that was changed is found by looking at the Secret again after a
		// failure, a signer that is trusted no more by looking at it now and then.
		read := time.Now()
		following, stop := context.WithCancel(ctx)
		repository.Follow(following, known, kick, found, func(err error) {
			m.polled(err)
			if err == nil && time.Since(read) < reread {
				return
			}
			read = time.Now()
			if m.renewed(ctx, spec.Secret, secret) {
				stop()
			}
		})
		stop()
	}
}

// renewed tells whether a Secret has other content by now.
func (m *Manager) renewed(ctx context.Context, name string, last map[string][]byte) bool {
	if name == "" {
		return false
	}
	now, err := m.credentials(ctx, name)
	return err == nil && !maps.EqualFunc(now, last, bytes.Equal)
}

// fetched makes a commit a revision in the cluster, unless it is the one that counts there.
func (m *Manager) fetched(ctx context.Context, tree source.Tree, rewritten bool) error {
	if head, err := source.Current(ctx, m.config); err == nil && head.Revision == tree.Revision {
		if _, sum, err := source.Pack(tree.Files); err == nil && sum == head.SHA256 {
			return nil
		}
	}
	if rewritten {
		m.log.Warn("the repository's history was rewritten; following it", "from", m.known(), "to", tree.Revision)
		m.events.Tell("", events.Warning, events.HistoryRewritten, fmt.Sprintf("the history was rewritten; now following %s", tree.Revision))
	}
	m.mu.Lock()
	inForce := m.tree.Revision
	m.mu.Unlock()
	_, err := source.Push(ctx, m.config, tree, inForce)
	return err
}

// polled records whether the repository could be asked, and tells it when that changes.
func (m *Manager) polled(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	m.metrics.Fetched(err)
	m.origin.mu.Lock()
	last, first := m.origin.polled, m.origin.asking
	m.origin.polled, m.origin.asking = err, false
	m.origin.mu.Unlock()
	if text(last) == text(err) && !first {
		return
	}
	if err != nil {
		m.log.Error("repository", "error", err)
	} else {
		m.log.Info("repository answers")
	}
	m.tellSource()
}

// known is the revision that the cluster has.
func (m *Manager) known() string {
	m.origin.mu.Lock()
	defer m.origin.mu.Unlock()
	if m.origin.head == nil {
		return ""
	}
	return m.origin.head.Revision
}

func (m *Manager) credentials(ctx context.Context, name string) (map[string][]byte, error) {
	if name == "" {
		return nil, nil
	}
	secret, err := m.config.Secrets(object.Namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("Secret %s/%s, which spec.git.secret names, is not there", object.Namespace, name)
	}
	if err != nil {
		return nil, fmt.Errorf("read Secret %s/%s: %w", object.Namespace, name, err)
	}
	return secret.Data, nil
}
