// Package terraform is phase 1: machines exist. It drives Terraform or OpenTofu
// in clusters/<name>/terraform, a directory that people can read, plan and own,
// and turns the module's outputs into the machines file.
package terraform

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-exec/tfexec"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/terraform/aws"
	"turnup.dev/kubectl-turnup/terraform/azure"
	"turnup.dev/kubectl-turnup/terraform/gce"
	"turnup.dev/kubectl-turnup/terraform/local"
)

// LogFile is the file in the workspace's directory with everything terraform said.
const LogFile = "terraform.log"

// lockTimeout is how long a run waits for another one that holds the state.
const lockTimeout = "5s"

// Workspace is the terraform/ directory of one cluster.
type Workspace struct {
	Dir  string
	Tool Tool
	// Env is added to the environment of the tool, DOCKER_HOST for instance.
	Env map[string]string
	// Progress hears what happens to which resource, if it is set.
	Progress func(string)
	// Machine hears which machine is being made or changed, and when that is done,
	// if it is set. Machines that a group of a cloud makes have no name here.
	Machine func(name string, done bool)

	// log is the file with everything the tool said; "" is LogFile in Dir.
	log string
}

// Module returns the Terraform module of a platform.
func Module(platform string) (fs.FS, error) {
	switch platform {
	case "aws":
		return aws.Module, nil
	case "azure":
		return azure.Module, nil
	case "gce":
		return gce.Module, nil
	case "local":
		return local.Module, nil
	}
	return nil, noModule(platform)
}

// Prepare writes the platform's module, its variables and where the state is kept
// into the workspace.
// Only files of those names are touched: state and other *.tf files stay.
func (w *Workspace) Prepare(cfg config.Cluster, in Inputs) error {
	module, err := Module(cfg.Provision.Platform)
	if err != nil {
		return err
	}
	values, err := Vars(cfg, in)
	if err != nil {
		return err
	}
	vars, err := encode(values)
	if err != nil {
		return fmt.Errorf("write Terraform variables: %w", err)
	}
	if err := os.MkdirAll(w.Dir, 0o700); err != nil {
		return fmt.Errorf("prepare Terraform: %w", err)
	}
	files, err := fs.Glob(module, "*.tf")
	if err != nil {
		return err
	}
	for _, name := range files {
		data, err := fs.ReadFile(module, name)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(w.Dir, name), data); err != nil {
			return err
		}
	}
	if err := write(filepath.Join(w.Dir, "terraform.tfvars.json"), vars); err != nil {
		return err
	}
	return w.writeBackend(BackendOf(cfg))
}

// Plan tells what Apply would do.
func (w *Workspace) Plan(ctx context.Context) (Changes, error) {
	return w.plan(ctx, tfexec.LockTimeout(lockTimeout))
}

// Apply makes the machines and returns them. A second time it changes nothing,
// except that it starts machines that were stopped.
func (w *Workspace) Apply(ctx context.Context) (machines.File, error) {
	run, err := w.run(ctx, "apply", func(tf *tfexec.Terraform, out io.Writer) error {
		return tf.ApplyJSON(ctx, out, tfexec.LockTimeout(lockTimeout))
	})
	if err != nil {
		return machines.File{}, err
	}
	return run.outputs.Machines()
}

// Outputs returns the machines of the last Apply without looking at the world.
func (w *Workspace) Outputs(ctx context.Context) (machines.File, error) {
	outputs := Outputs{}
	_, err := w.run(ctx, "output", func(tf *tfexec.Terraform, _ io.Writer) error {
		all, err := tf.Output(ctx)
		for name, output := range all {
			outputs[name] = output.Value
		}
		return err
	})
	if err != nil {
		return machines.File{}, err
	}
	return outputs.Machines()
}

// Destroy removes what the state knows; without a state there is nothing to do.
// Refreshing is left out: the provider takes what is already gone for removed.
func (w *Workspace) Destroy(ctx context.Context) error {
	if known, err := w.Known(ctx); err == nil && len(known) == 0 {
		return nil
	}
	_, err := w.run(ctx, "destroy", func(tf *tfexec.Terraform, out io.Writer) error {
		return tf.DestroyJSON(ctx, out, tfexec.LockTimeout(lockTimeout), tfexec.Refresh(false))
	})
	return err
}

// write replaces a file if its content differs, so that it is never half there.
func write(path string, data []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	next := path + ".new"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return fmt.Errorf("prepare Terraform: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("prepare Terraform: %w", err)
	}
	return nil
}
