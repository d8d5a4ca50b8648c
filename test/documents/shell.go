package documents

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Shell runs commands as a reader does who has the plugin on the PATH.
type Shell struct {
	// Dir is where the reader is, Checkout the repository.
	Dir, Checkout string
	// Env is added to what the shell needs.
	Env []string
	// Edit changes a command before it is run.
	Edit func(string) string
}

// Run runs a block, and says what is different from what the document says.
func (s Shell) Run(ctx context.Context, b Block) error {
	how, err := b.How()
	if err != nil {
		return err
	}
	if how.Before != "" {
		if out, code, err := s.bash(ctx, s.Dir, how.Before); err != nil || code != "0" {
			return fmt.Errorf("before it, exit code %s: %w\n%s", code, err, out)
		}
	}
	dir := s.Dir
	if how.Checkout {
		dir = s.Checkout
	}
	for _, c := range b.Commands() {
		out, code, err := s.bash(ctx, dir, c.Text)
		switch {
		case err != nil:
			return fmt.Errorf("line %d: %s: %w", c.Line, c.Text, err)
		case code != how.Exit:
			return fmt.Errorf("line %d: exit code %s, want %s:\n%s%s", c.Line, code, how.Exit, c.Text, out)
		case c.Checked && !c.Prints(out):
			return fmt.Errorf("line %d: $ %s\nprints:\n%s\nand the document says:\n%s", c.Line, c.Text, out, c.Output)
		}
	}
	return nil
}

func (s Shell) bash(ctx context.Context, dir, text string) (out, code string, err error) {
	if s.Edit != nil {
		text = s.Edit(text)
	}
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", text)
	cmd.Dir = dir
	cmd.Env = s.Env
	data, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(data), fmt.Sprint(exit.ExitCode()), nil
	}
	return string(data), "0", err
}

// Env is an environment without this computer's configuration: a home of its
// own, no cluster, nobody's git identity but the reader's.
func Env(home string, path ...string) []string {
	env := []string{
		"HOME=" + home, "KUBECONFIG=" + filepath.Join(home, "kubeconfig"), "NO_COLOR=1", "TERM=dumb", "LC_ALL=C.UTF-8",
		"PATH=" + strings.Join(append(path, os.Getenv("PATH")), string(os.PathListSeparator)),
		"GIT_AUTHOR_NAME=reader", "GIT_AUTHOR_EMAIL=reader@example.invalid",
		"GIT_COMMITTER_NAME=reader", "GIT_COMMITTER_EMAIL=reader@example.invalid",
	}
	// What the go command was told stays, or it would download the world again.
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GOFLAGS").Output()
	if err != nil {
		return env
	}
	for i, value := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
		env = append(env, []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GOFLAGS"}[i]+"="+value)
	}
	return env
}
