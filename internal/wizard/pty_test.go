//go:build unix

package wizard

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/term"
)

// budget is how long anything may take on a machine that is busy.
const budget = 30 * time.Second

// terminal is a real one with the wizard in it: a pseudo-terminal, and an
// emulator that knows what a person would see.
type terminal struct {
	t      *testing.T
	cmd    *exec.Cmd
	pty    *os.File
	tty    *os.File
	screen vt10x.Terminal
	file   string
	before *term.State
}

func inTerminal(t *testing.T, columns, lines uint16, env ...string) *terminal {
	t.Helper()
	x := &terminal{t: t, file: filepath.Join(t.TempDir(), "config"), screen: vt10x.New(vt10x.WithSize(int(columns), int(lines)))}
	var err error
	if x.pty, x.tty, err = pty.Open(); err != nil {
		t.Fatal(err)
	}
	x.resize(columns, lines)
	if x.before, err = term.GetState(int(x.tty.Fd())); err != nil {
		t.Fatal(err)
	}
	x.cmd = exec.Command(os.Args[0])
	x.cmd.Env = append([]string{"WIZARD_PROGRAM=" + x.file, "TERM=xterm-256color", "LANG=en_US.UTF-8"}, env...)
	x.cmd.Stdin, x.cmd.Stdout, x.cmd.Stderr = x.tty, x.tty, x.tty
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := x.pty.Read(buffer)
			if err != nil {
				return
			}
			_, _ = x.screen.Write(buffer[:n])
		}
	}()
	t.Cleanup(func() {
		_ = x.cmd.Process.Kill()
		_ = x.tty.Close()
		_ = x.pty.Close()
	})
	return x
}

func (x *terminal) resize(columns, lines uint16) {
	x.t.Helper()
	x.screen.Resize(int(columns), int(lines))
	if err := pty.Setsize(x.pty, &pty.Winsize{Cols: columns, Rows: lines}); err != nil {
		x.t.Fatal(err)
	}
}

// sees waits for a text on the screen.
func (x *terminal) sees(text string) {
	x.t.Helper()
	x.await(fmt.Sprintf("%q on the screen", text), func() bool { return strings.Contains(x.screen.String(), text) })
}

func (x *terminal) await(what string, ok func() bool) {
	x.t.Helper()
	for deadline := time.Now().Add(budget); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			x.t.Fatalf("waited %v for %s:\n%s", budget, what, x.screen.String())
		}
	}
}

func (x *terminal) types(text string) {
	x.t.Helper()
	if _, err := x.pty.WriteString(text); err != nil {
		x.t.Fatal(err)
	}
}

// leaves waits for the program's end and checks that the terminal is as it was.
func (x *terminal) leaves(text string) {
	x.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- x.cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(budget):
		x.t.Fatalf("waited %v for the program to end:\n%s", budget, x.screen.String())
	}
	x.sees(text)
	if mode := x.screen.Mode(); mode&vt10x.ModeAltScreen != 0 {
		x.t.Error("the alternate screen is still on")
	}
	if !x.screen.CursorVisible() {
		x.t.Error("the cursor is still hidden")
	}
	after, err := term.GetState(int(x.tty.Fd()))
	if err != nil {
		x.t.Fatal(err)
	}
	if *after != *x.before {
		x.t.Error("the terminal's modes are not what they were")
	}
}

const (
	enter = "\r"
	down  = "\x1b[B"
	ctrlC = "\x03"
	esc   = "\x1b"
)

func TestInARealTerminal(t *testing.T) {
	t.Run("somebody edits, saves and quits", func(t *testing.T) {
		x := inTerminal(t, 80, 24)
		x.sees("Cluster name")
		x.types(enter + "-1" + enter)
		x.sees("not saved")
		x.types(down + down + enter)
		x.sees("Workers")
		x.types(down + down + enter + "9")
		x.sees("29 is not in the range from 0 to 3")
		x.types("\x7f\x7f3" + enter)
		x.sees("Workers                    3")
		x.types("s")
		x.sees("Saved")
		x.types("q")
		x.leaves("left: saved 1")
		written, err := os.ReadFile(x.file)
		if err != nil || !strings.Contains(string(written), `cluster.name="demo-1"`) || !strings.Contains(string(written), "provision.workers=3") {
			t.Errorf("%v: %s", err, written)
		}
	})
	t.Run("esc goes back and is not taken for the start of a key", func(t *testing.T) {
		x := inTerminal(t, 80, 24)
		x.sees("Cluster name")
		x.types(down + down + enter)
		x.sees("Workers")
		x.types(esc)
		x.sees("Kubernetes version")
		x.types("q")
		x.leaves("left: unchanged 0")
	})
	t.Run("ctrl-c asks, and a second one leaves without writing", func(t *testing.T) {
		x := inTerminal(t, 80, 24)
		x.sees("Cluster name")
		x.types(enter + "x" + enter)
		x.sees("demox")
		x.types(ctrlC)
		x.sees("Save your changes")
		x.types(ctrlC)
		x.leaves("left: interrupted 0")
		if _, err := os.Stat(x.file); !os.IsNotExist(err) {
			t.Errorf("there is a file: %v", err)
		}
	})
	t.Run("the screen follows the terminal's size", func(t *testing.T) {
		x := inTerminal(t, 80, 24)
		x.sees("kubectl turnup")
		x.resize(120, 40)
		x.sees(strings.Repeat("─", 120))
		x.resize(30, 6)
		x.sees("Please make the terminal")
		x.resize(40, 10)
		x.sees("Addons")
		x.types("q")
		x.leaves("left: unchanged 0")
	})
	t.Run("a terminal that starts too small waits for a larger one", func(t *testing.T) {
		x := inTerminal(t, 20, 5)
		x.sees("Please make")
		x.resize(80, 24)
		x.sees("Kubernetes version")
		x.types(ctrlC)
		x.leaves("left: unchanged 0")
	})
	t.Run("a signal leaves the terminal as it was", func(t *testing.T) {
		x := inTerminal(t, 80, 24)
		x.sees("Cluster name")
		x.types(enter + "x" + enter)
		x.sees("demox")
		if err := x.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		x.leaves("left: interrupted 0")
	})
	t.Run("a context that ends leaves the terminal as it was", func(t *testing.T) {
		x := inTerminal(t, 80, 24, "WIZARD_LIMIT=300ms")
		x.leaves("context deadline exceeded")
	})
	t.Run("a dumb terminal is refused", func(t *testing.T) {
		x := inTerminal(t, 80, 24, "TERM=dumb")
		x.leaves("no terminal for the menus: TERM is dumb")
	})
}

func TestWithoutATerminalItIsRefused(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"WIZARD_PROGRAM=unused", "TERM=xterm"}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "no terminal for the menus: the input is not a terminal") {
		t.Errorf("%v: %s", err, out)
	}
}
