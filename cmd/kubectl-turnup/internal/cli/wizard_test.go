//go:build unix

package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// terminal is the program in a terminal of 80 columns and 24 lines.
type terminal struct {
	t    *testing.T
	cmd  *exec.Cmd
	file *os.File
	mu   sync.Mutex
	seen bytes.Buffer
	over chan struct{}
}

func inTerminal(t *testing.T, dir string, args ...string) *terminal {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// TestMain is the program when it is called turnup.
	cmd := &exec.Cmd{Path: program, Args: append([]string{"turnup"}, args...), Dir: dir,
		Env: append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8")}
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, cmd: cmd, file: file, over: make(chan struct{})}
	go func() {
		defer close(term.over)
		_, _ = io.Copy(term, file)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = file.Close()
	})
	return term
}

func (term *terminal) Write(p []byte) (int, error) {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.seen.Write(p)
}

// press types keys once a text has been seen after those typed before.
func (term *terminal) press(after, keys string) {
	term.t.Helper()
	term.await(after)
	term.mu.Lock()
	term.seen.Reset()
	term.mu.Unlock()
	if _, err := io.WriteString(term.file, keys); err != nil {
		term.t.Fatal(err)
	}
}

func (term *terminal) await(text string) {
	term.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		term.mu.Lock()
		seen := term.seen.String()
		term.mu.Unlock()
		if strings.Contains(seen, text) {
			return
		}
		if time.Now().After(deadline) {
			term.t.Fatalf("waited 20 s for %q, and saw\n%q", text, seen)
		}
	}
}

// code waits for the program's end.
func (term *terminal) code() int {
	term.t.Helper()
	select {
	case <-term.over:
	case <-time.After(20 * time.Second):
		term.t.Fatal("it has not ended after 20 s")
	}
	var exit *exec.ExitError
	if err := term.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		term.t.Fatal(err)
	}
	return term.cmd.ProcessState.ExitCode()
}

func TestTheWizardSavesIntoTheConfig(t *testing.T) {
	dir := t.TempDir()
	term := inTerminal(t, dir, "config")
	term.press("Network", "s")
	term.press("Saved", "q")
	if code := term.code(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	data, err := os.ReadFile(filepath.Join(dir, ".config.json"))
	if err != nil || !strings.Contains(string(data), `"workers": 2`) {
		t.Errorf("%s, %v", data, err)
	}
}

func TestTheWizardDoesNotOverwriteWhatItHasNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	term := inTerminal(t, filepath.Dir(path), "config", "--config", "a.json")
	term.await("Network")
	theirs := `{"cluster": {"name": "theirs"}}`
	if err := os.WriteFile(path, []byte(theirs), 0o600); err != nil {
		t.Fatal(err)
	}
	term.press("Network", "s")
	term.await("verwrite")
	if data, _ := os.ReadFile(path); string(data) != theirs {
		t.Errorf("it is %s", data)
	}
	term.press("", "o")
	term.press("Saved", "q")
	if code := term.code(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if data, _ := os.ReadFile(path); !strings.Contains(string(data), `"name": "demo"`) {
		t.Errorf("it is %s", data)
	}
}

func TestAnInterruptedWizardChangesNothing(t *testing.T) {
	dir := t.TempDir()
	term := inTerminal(t, dir, "config")
	term.press("Network", "\x03")
	time.Sleep(200 * time.Millisecond) // the first asks what to do with the changes
	term.press("", "\x03")
	if code := term.code(); code != 130 {
		t.Errorf("exit code %d", code)
	}
	if files, _ := os.ReadDir(dir); len(files) > 0 {
		t.Errorf("it wrote %v", files)
	}
}

func TestPlainAsksLineByLineInATerminal(t *testing.T) {
	dir := t.TempDir()
	term := inTerminal(t, dir, "config", "--plain")
	term.press("Name of the cluster [demo, ? for help]: ", "staging\n")
	term.press("1 to 5, or its name [local, ? for help]: ", "\x04")
	if code := term.code(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	data, err := os.ReadFile(filepath.Join(dir, ".config.json"))
	if err != nil || !strings.Contains(string(data), `"name": "staging"`) {
		t.Errorf("%s, %v", data, err)
	}
}
