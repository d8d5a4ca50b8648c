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

	"turnup.dev/kubectl-turnup/internal/machines"
)

// planFile is where a proposal waits for its answer. Variables are in it, and so
// is the workers' token: nobody else may read it, and it does not stay.
const planFile = "turnup.tfplan"

// Proposal is a plan that was saved: what is shown is what Apply does, or nothing.
type Proposal struct {
	Changes
	workspace *Workspace
	// empty: not even an output changes.
	empty bool
}

// Propose plans what Apply would do. Withdraw it in the end.
func (w *Workspace) Propose(ctx context.Context) (*Proposal, error) {
	return w.propose(ctx, "plan")
}

// ProposeDestroy plans what Destroy would do.
func (w *Workspace) ProposeDestroy(ctx context.Context) (*Proposal, error) {
	return w.propose(ctx, "plan -destroy", tfexec.Destroy(true))
}

func (w *Workspace) propose(ctx context.Context, verb string, options ...tfexec.PlanOption) (*Proposal, error) {
	path := filepath.Join(w.Dir, planFile)
	// Terraform keeps the mode of a file that is there.
	if err := errors.Join(remove(path), os.WriteFile(path, nil, 0o600)); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	p := &Proposal{workspace: w}
	run, err := w.run(ctx, verb, func(tf *tfexec.Terraform, out io.Writer) error {
		changed, err := tf.PlanJSON(ctx, out, append(options, tfexec.Out(planFile), tfexec.LockTimeout(lockTimeout))...)
		p.empty = !changed
		return err
	})
	if err != nil {
		return nil, errors.Join(err, p.Withdraw())
	}
	p.Changes = run.changes
	return p, nil
}

// Apply does what was proposed and returns the machines. An empty proposal
// changes nothing, and only the outputs are read. If the state was changed
// meanwhile, it is refused.
func (p *Proposal) Apply(ctx context.Context) (machines.File, error) {
	if p.empty {
		return p.workspace.Outputs(ctx)
	}
	outputs, err := p.apply(ctx)
	if err != nil {
		return machines.File{}, err
	}
	return outputs.Machines()
}

// Destroy does what ProposeDestroy proposed.
func (p *Proposal) Destroy(ctx context.Context) error {
	if p.empty {
		return nil
	}
	_, err := p.apply(ctx)
	return err
}

func (p *Proposal) apply(ctx context.Context) (Outputs, error) {
	run, err := p.workspace.run(ctx, "apply", func(tf *tfexec.Terraform, out io.Writer) error {
		return tf.ApplyJSON(ctx, out, tfexec.DirOrPlan(planFile), tfexec.LockTimeout(lockTimeout))
	})
	if err != nil {
		return nil, errors.Join(err, p.Withdraw())
	}
	return run.outputs, p.Withdraw()
}

// Withdraw removes the plan's file. A second time it does nothing.
func (p *Proposal) Withdraw() error { return remove(filepath.Join(p.workspace.Dir, planFile)) }

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
