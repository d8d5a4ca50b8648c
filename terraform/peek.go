package terraform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-exec/tfexec"

	"turnup.dev/kubectl-turnup/internal/config"
)

// Peek tells what Apply would do with another config and other inputs. It works
// in a copy: nothing of the workspace is touched, neither its state nor its lock.
func (w *Workspace) Peek(ctx context.Context, cfg config.Cluster, in Inputs) (changes Changes, err error) {
	dir, err := os.MkdirTemp("", "turnup-plan-")
	if err != nil {
		return Changes{}, fmt.Errorf("plan: %w", err)
	}
	// It holds what the workspace does, so it does not stay.
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	copied := &Workspace{Dir: dir, Tool: w.Tool, Env: w.Env, Progress: w.Progress, log: filepath.Join(w.Dir, LogFile)}
	if _, err := os.Stat(w.Dir); err != nil {
		copied.log = os.DevNull
	}
	if providers := filepath.Join(w.Dir, ".terraform", "providers"); w.Tool.Providers == "" && isDir(providers) {
		copied.Tool.Providers = providers // an init has downloaded them already
	}
	if err := w.copyTo(dir); err != nil {
		return Changes{}, fmt.Errorf("plan: %w", err)
	}
	if err := copied.Prepare(cfg, in); err != nil {
		return Changes{}, err
	}
	// A state that has yet to move is read where it is.
	if move, err := w.Moves(cfg); err != nil {
		return Changes{}, err
	} else if move != nil {
		if err := copied.writeBackend(move.From.settled()); err != nil {
			return Changes{}, err
		}
	}
	return copied.plan(ctx, tfexec.Lock(false))
}

// Drift tells what Apply would do with what is in the workspace, without the
// lock: others may go on.
func (w *Workspace) Drift(ctx context.Context) (Changes, error) {
	return w.plan(ctx, tfexec.Lock(false))
}

func (w *Workspace) plan(ctx context.Context, options ...tfexec.PlanOption) (Changes, error) {
	run, err := w.run(ctx, "plan", func(tf *tfexec.Terraform, out io.Writer) error {
		_, err := tf.PlanJSON(ctx, out, options...)
		return err
	})
	if err != nil {
		return Changes{}, err
	}
	return run.changes, nil
}

// copyTo copies what a plan reads.
func (w *Workspace) copyTo(dir string) error {
	for _, pattern := range []string{"*.tf", "*.tf.json", "*.tfvars", "*.tfvars.json", "terraform.tfstate"} {
		files, err := filepath.Glob(filepath.Join(w.Dir, pattern))
		if err != nil {
			return err
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), data, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}
