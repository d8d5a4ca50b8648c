package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-exec/tfexec"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Move is a state that has to go to another backend before anything else can be
// done with it.
type Move struct {
	From, To  Backend
	workspace *Workspace
}

// Moves compares where the state is with where the config wants it. It returns
// nil if it stays there, or if there is none yet.
func (w *Workspace) Moves(cfg config.Cluster) (*Move, error) {
	to := BackendOf(cfg)
	from, err := w.recorded()
	if err != nil || to.same(from) {
		return nil, err
	}
	if !from.Remote() {
		s, err := w.file()
		if err != nil || len(s.Resources) == 0 {
			return nil, err
		}
	}
	return &Move{From: from, To: to, workspace: w}, nil
}

// Do copies the state, after Prepare. Terraform would overwrite another state
// without a word if told to copy, so it is looked first whether there is one.
func (m *Move) Do(ctx context.Context) error {
	from, err := m.workspace.peek(ctx, m.From)
	if err != nil {
		return fmt.Errorf("move Terraform's state from %s: %w", m.From, err)
	}
	to, err := m.workspace.peek(ctx, m.To)
	if err != nil {
		return fmt.Errorf("move Terraform's state to %s: %w", m.To, err)
	}
	if len(to.Resources) > 0 && to.Lineage != from.Lineage {
		return ui.Hint(fmt.Errorf("move Terraform's state from %s to %s: a state of other machines is there already", m.From, m.To),
			"is there a cluster of the same name? choose another bucket or provision.state.prefix")
	}
	return m.workspace.with(ctx, func(tf *tfexec.Terraform, log *os.File) error {
		return m.workspace.init(ctx, tf, log, tfexec.ForceCopy(true))
	})
}

// peek reads the state of a backend without touching the workspace's own.
func (w *Workspace) peek(ctx context.Context, b Backend) (s state, err error) {
	if !b.Remote() {
		return w.file()
	}
	dir, err := os.MkdirTemp("", "turnup-state-")
	if err != nil {
		return state{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	data, err := b.settled().encode()
	if err != nil {
		return state{}, err
	}
	if err := write(filepath.Join(dir, backendFile), data); err != nil {
		return state{}, err
	}
	other := &Workspace{Dir: dir, Tool: w.Tool, Env: w.Env}
	return other.pull(ctx)
}
