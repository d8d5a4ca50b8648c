package terraform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// run initialises the workspace if that is due, and runs one verb. Where the
// tool still asks for init (someone added a provider), it gets one and a second go.
func (w *Workspace) run(ctx context.Context, verb string, do func(*tfexec.Terraform, io.Writer) error) (run *events, err error) {
	err = w.with(ctx, func(tf *tfexec.Terraform, log *os.File) error {
		if !w.initialised() || !w.backendReady() {
			if err := w.init(ctx, tf, log); err != nil {
				return err
			}
		}
		run, err = w.once(tf, verb, log, do)
		var f *failure
		if errors.As(err, &f) && needsInit(f.said()) {
			if err := w.init(ctx, tf, log); err != nil {
				return err
			}
			run, err = w.once(tf, verb, log, do)
		}
		if errors.As(err, &f) {
			return f.explain()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return run, nil
}

// with opens the log and the tool for some runs.
func (w *Workspace) with(ctx context.Context, do func(*tfexec.Terraform, *os.File) error) error {
	log, err := os.OpenFile(w.logFile(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open Terraform's log: %w", err)
	}
	defer log.Close()
	tf, err := w.exec(ctx)
	if err != nil {
		return err
	}
	return do(tf, log)
}

func (w *Workspace) logFile() string {
	if w.log != "" {
		return w.log
	}
	return filepath.Join(w.Dir, LogFile)
}

func (w *Workspace) once(tf *tfexec.Terraform, verb string, log io.Writer, do func(*tfexec.Terraform, io.Writer) error) (*events, error) {
	fmt.Fprintf(log, "\n# %s %s %s\n", time.Now().Format(time.RFC3339), filepath.Base(w.Tool.Path), verb)
	var stderr bytes.Buffer
	tf.SetStdout(io.Discard)
	tf.SetStderr(io.MultiWriter(log, &stderr))
	run := &events{log: log, progress: w.Progress, machine: w.Machine}
	if err := do(tf, run); err != nil {
		return run, &failure{verb: verb, dir: w.Dir, log: w.logFile(), tool: w.Tool.Path,
			err: err, stderr: stderr.String(), errors: run.errors}
	}
	return run, nil
}

func (w *Workspace) init(ctx context.Context, tf *tfexec.Terraform, log io.Writer, options ...tfexec.InitOption) error {
	// The lock file holds the checksum of the provider of the last init. With a
	// plugin directory that provider may be another build of the same version.
	if w.Tool.Providers != "" {
		if err := os.Remove(filepath.Join(w.Dir, lockFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("initialise Terraform: %w", err)
		}
	}
	_, err := w.once(tf, "init", log, func(tf *tfexec.Terraform, _ io.Writer) error {
		tf.SetStdout(log)
		return tf.Init(ctx, append(w.initOptions(), options...)...)
	})
	var f *failure
	if errors.As(err, &f) {
		return f.explain()
	}
	return err
}

func (w *Workspace) initOptions() []tfexec.InitOption {
	if w.Tool.Providers == "" {
		return nil
	}
	return []tfexec.InitOption{tfexec.PluginDir(w.Tool.Providers)}
}

func (w *Workspace) exec(ctx context.Context) (*tfexec.Terraform, error) {
	return w.Tool.open(ctx, w.Dir, w.Env)
}

// Check asks the tool for its version and refuses one that is too old, before
// anything else is done. It runs in a directory that exists.
func (t Tool) Check(ctx context.Context, dir string) error {
	_, err := t.open(ctx, dir, nil)
	return err
}

func (t Tool) open(ctx context.Context, dir string, env map[string]string) (*tfexec.Terraform, error) {
	tf, err := tfexec.NewTerraform(dir, t.Path)
	if err != nil {
		return nil, fmt.Errorf("start terraform: %w", err)
	}
	if err := tf.SetEnv(environment(os.Environ(), env)); err != nil {
		return nil, fmt.Errorf("start terraform: %w", err)
	}
	found, _, err := tf.Version(ctx, false)
	if err != nil {
		return nil, ui.Hint(fmt.Errorf("ask %s for its version: %w", t.Path, err), "if that is no terraform or tofu, name one with --terraform PATH")
	}
	return tf, suitable(t.Path, found)
}

// environment is what the tool gets: ours, without the variables that would
// change what it does behind our back, and without one whose file is missing
// (terraform warns about it in every run).
func environment(environ []string, extra map[string]string) map[string]string {
	env := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	env = tfexec.CleanEnv(env)
	delete(env, "TF_DATA_DIR")
	if file := env["TF_CLI_CONFIG_FILE"]; file != "" {
		if _, err := os.Stat(file); err != nil {
			delete(env, "TF_CLI_CONFIG_FILE")
		}
	}
	for name, value := range extra {
		env[name] = value
	}
	env["CHECKPOINT_DISABLE"] = "1"
	return env
}
