//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/internal/golden"
)

// asPlugin in the environment makes this test binary the plugin itself.
const asPlugin = "TURNUP_TEST_AS_PLUGIN"

func TestMain(m *testing.M) {
	if os.Getenv(asPlugin) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// mistake is something that a user, or their computer, gets wrong.
type mistake struct {
	// name is a sentence; the golden file is named after it.
	name string
	args []string
	// env is added to an environment in which nothing is installed: no Docker,
	// no Terraform, an empty PATH. $DIR is the working directory.
	env []string
	// files are written into the working directory first.
	files map[string]string
	// prepare does what files cannot.
	prepare func(t *testing.T, dir string)
	// nobody runs the plugin as a user without rights.
	nobody bool
	// code is the exit code, if it is not 1.
	code int
	// noHint is set where the error says all there is to say.
	noHint bool
}

// slow is the longest that a mistake may take to come to light.
const slow = 20 * time.Second

// check runs the plugin and compares all that it says with the golden file.
func (m mistake) check(t *testing.T) {
	dir := t.TempDir()
	for name, content := range m.files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if m.prepare != nil {
		m.prepare(t, dir)
	}
	code, stdout, stderr := m.run(t, dir)

	want := m.code
	if want == 0 {
		want = 1
	}
	if code != want {
		t.Errorf("exit code %d, want %d", code, want)
	}
	if n := count(stderr, "error: "); n != 1 {
		t.Errorf("%d lines begin with error:, want one", n)
	}
	if n := count(stderr, "hint: "); n != 1 && !m.noHint {
		t.Errorf("%d lines begin with hint:, want one", n)
	}
	for _, odd := range []string{"%!", "panic", "goroutine ", "<nil>", "Usage:"} {
		if strings.Contains(stderr, odd) {
			t.Errorf("stderr contains %q", odd)
		}
	}
	said := fmt.Sprintf("$ kubectl turnup %s\nexit code %d\n", strings.Join(m.args, " "), code)
	if stdout != "" {
		said += "--- stdout\n" + stdout
	}
	golden.Check(t, m.file(), normal(said+"--- stderr\n"+stderr, dir))
}

func count(text, prefix string) int {
	n := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	return n
}

func (m mistake) run(t *testing.T, dir string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), slow)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, m.args...)
	if m.nobody {
		asNobody(t, cmd, dir)
	}
	cmd.Args[0] = "kubectl-turnup"
	cmd.Dir = dir
	cmd.Env = []string{asPlugin + "=1", "HOME=" + dir, "PATH=" + filepath.Join(dir, "bin"), "LANG=C.UTF-8",
		"DOCKER_HOST=unix://" + filepath.Join(dir, "no-docker.sock")}
	for _, pair := range m.env {
		cmd.Env = append(cmd.Env, strings.ReplaceAll(pair, "$DIR", dir))
	}
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err = cmd.Run()
	if ctx.Err() != nil {
		t.Errorf("nothing was said within %s", slow)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errOut.String()
}

var (
	durations = regexp.MustCompile(`\b\d+(\.\d+)?(ms|s)\b`)
	proposals = regexp.MustCompile(`(for instance --set provision\.local\.subnet=)[0-9./]+`)
	binaries  = regexp.MustCompile(`on PATH or in \S+`)
	digests   = regexp.MustCompile(`sha256:[0-9a-f]{64}`)
	sizes     = regexp.MustCompile(`\b\d+ bytes instead of \d+`)
	daemons   = regexp.MustCompile(`Docker at unix:///\S*/docker\.sock has`)
	refusals  = regexp.MustCompile(`(Error response from daemon:) .*`)
	unreached = regexp.MustCompile(`(cannot be reached \(image \S+\):) .*`)
	kconfigs  = regexp.MustCompile(`Kconfig:\d+`)
	// What this computer is short of is no part of the mistake.
	warnings = regexp.MustCompile(`(?m)^warning: fs\.inotify.*\n`)
)

// normal takes out what differs from run to run.
func normal(text, dir string) string {
	text = strings.ReplaceAll(text, dir, "$DIR")
	text = warnings.ReplaceAllString(text, "")
	text = proposals.ReplaceAllString(text, "${1}$$FREE")
	text = digests.ReplaceAllString(text, "$$DIGEST")
	text = sizes.ReplaceAllString(text, "$$SIZE")
	text = daemons.ReplaceAllString(text, "Docker at $$DOCKER has")
	text = refusals.ReplaceAllString(text, "$1 $$WHY")
	text = unreached.ReplaceAllString(text, "$1 $$WHY")
	text = kconfigs.ReplaceAllString(text, "Kconfig:$$LINE")
	text = binaries.ReplaceAllString(text, "on PATH or in $$BIN")
	return durations.ReplaceAllString(text, "$$TIME")
}

// file names the golden file after the mistake.
func (m mistake) file() string {
	// An apostrophe is not allowed in the file names of a Go module.
	name := strings.ReplaceAll(strings.ReplaceAll(m.name, " ", "-"), "'", "")
	return filepath.Join("testdata", "badinput", name+".txt")
}
