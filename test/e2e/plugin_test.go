package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// plugin is the program under test, run as its user runs it: in a directory,
// with a kubeconfig.
type plugin struct {
	path, bundle string
	// dir is the working directory, kubeconfig the file that KUBECONFIG names.
	dir, kubeconfig string
	// env is what this plugin finds in its environment besides, NAME=value.
	env []string
}

// newPlugin gives the plugin a working directory of its own. The kubeconfig in
// it holds somebody else's context already.
func newPlugin(t testing.TB) plugin {
	t.Helper()
	p := plugin{path: os.Getenv("KUBECTL_TURNUP"), bundle: os.Getenv("TURNUP_BUNDLE")}
	if p.path == "" || p.bundle == "" {
		t.Skip("SKIPPED: KUBECTL_TURNUP and TURNUP_BUNDLE are not set; `make e2e` sets them")
	}
	for _, path := range []string{p.path, filepath.Join(p.bundle, "index.json")} {
		if _, err := os.Stat(path); err != nil {
			t.Fatalf("what make builds is not there: %v", err)
		}
	}
	p.dir = t.TempDir()
	p.kubeconfig = filepath.Join(p.dir, "kubeconfig")
	if err := os.WriteFile(p.kubeconfig, []byte(somebodyElses), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

const somebodyElses = `apiVersion: v1
kind: Config
clusters:
- name: somebody-elses
  cluster: {server: "https://192.0.2.1:6443"}
contexts:
- name: somebody-elses
  context: {cluster: somebody-elses, user: somebody-else}
users:
- name: somebody-else
  user: {}
current-context: somebody-elses
`

// result is how a run of a program ended.
type result struct {
	args   []string
	code   int
	stdout string
	stderr string
	took   time.Duration
}

// String is the run as a terminal would show it.
func (r result) String() string {
	return "$ kubectl turnup " + strings.Join(r.args, " ") + "\n" + r.stdout + r.stderr
}

// command prepares a run. An interrupted test interrupts the plugin as well.
func (p plugin) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.path, args...)
	cmd.Dir = p.dir
	// The user's own git settings are no part of the test.
	cmd.Env = append(os.Environ(), "KUBECONFIG="+p.kubeconfig,
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "LANG=C.UTF-8", "NO_COLOR=1")
	cmd.Env = append(cmd.Env, p.env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	return cmd
}

// run runs the plugin to its end.
func (p plugin) run(ctx context.Context, t testing.TB, args ...string) result {
	t.Helper()
	cmd := p.command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run kubectl turnup %s: %v", strings.Join(args, " "), err)
	}
	return result{args, cmd.ProcessState.ExitCode(), stdout.String(), stderr.String(), time.Since(start)}
}

// must runs the plugin, and wants it to succeed.
func (p plugin) must(ctx context.Context, t testing.TB, args ...string) result {
	t.Helper()
	r := p.run(ctx, t, args...)
	if r.code != 0 {
		t.Fatalf("exit code %d, want 0:\n%s", r.code, r)
	}
	return r
}

// wantsRefusal wants a run to have ended with exit code 1, and to have said the words.
func wantsRefusal(t testing.TB, r result, words ...string) {
	t.Helper()
	if r.code != 1 {
		t.Errorf("exit code %d, want 1:\n%s", r.code, r)
	}
	for _, word := range words {
		if !strings.Contains(r.stdout+r.stderr, word) {
			t.Errorf("it does not say %q:\n%s", word, r)
		}
	}
}

// event is a line of --progress json.
type event struct {
	Type, Step, Parent, State, Text, Hint string
	Seconds                               float64
}

// cut runs the plugin with --progress json, and sends it a signal a while after
// a step whose title begins with a word has started.
func (p plugin) cut(ctx context.Context, t testing.TB, signal syscall.Signal, step string, after time.Duration, args ...string) result {
	t.Helper()
	return p.watch(ctx, t, step, func(cmd *exec.Cmd) {
		time.AfterFunc(after, func() { _ = cmd.Process.Signal(signal) })
	}, args...)
}

// beside runs the plugin with --progress json, and does something a while after
// a step whose title begins with a word has started; it has been done at the end.
func (p plugin) beside(ctx context.Context, t testing.TB, step string, after time.Duration, do func(), args ...string) result {
	t.Helper()
	done := make(chan struct{})
	r := p.watch(ctx, t, step, func(*exec.Cmd) {
		time.AfterFunc(after, func() { defer close(done); do() })
	}, args...)
	<-done
	return r
}

// watch runs the plugin with --progress json, and tells once that a step has started.
func (p plugin) watch(ctx context.Context, t testing.TB, step string, started func(*exec.Cmd), args ...string) result {
	t.Helper()
	args = append(slices.Clone(args), "--progress", "json")
	cmd := p.command(ctx, args...)
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	var stderr bytes.Buffer
	sent := false
	for lines := bufio.NewScanner(io.TeeReader(pipe, &stderr)); lines.Scan(); {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.State != "started" || !strings.HasPrefix(e.Step, step) {
			continue
		}
		once.Do(func() {
			sent = true
			started(cmd)
		})
	}
	_ = cmd.Wait()
	r := result{args, cmd.ProcessState.ExitCode(), "", stderr.String(), time.Since(start)}
	if !sent {
		t.Fatalf("no step %q ever started:\n%s", step, r)
	}
	return r
}

// events are the lines of --progress json.
func (r result) events() []event {
	var list []event
	for line := range strings.Lines(r.stderr) {
		var e event
		if json.Unmarshal([]byte(line), &e) == nil {
			list = append(list, e)
		}
	}
	return list
}
