package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Process is an addon manager as a real process.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	mu   sync.Mutex
	log  bytes.Buffer
	err  error
}

// Build compiles the addon manager into a directory and returns its path.
func Build(dir string) (string, error) {
	binary := filepath.Join(dir, "addon-manager")
	out, err := exec.Command("go", "build", "-o", binary, "turnup.dev/kubectl-turnup/addon-manager").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the addon manager: %w\n%s", err, out)
	}
	return binary, nil
}

// Start runs a manager until the test ends; a failed test shows the end of its log.
func Start(t testing.TB, binary, kubeconfig, identity string, more ...string) *Process {
	t.Helper()
	args := append([]string{"--kubeconfig", kubeconfig, "--identity", identity, "--listen=", "--interval=1s", "--approve=false"}, more...)
	p := &Process{cmd: exec.Command(binary, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start the addon manager: %v", err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("log of manager %s:\n%s", identity, p.Tail(6000))
		}
	})
	return p
}

// Write keeps a part of the log.
func (p *Process) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(data)
}

// Log is what the manager has said.
func (p *Process) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// Tail is the end of the log, and how the process ended if it has.
func (p *Process) Tail(n int) string {
	text := p.Log()
	text = text[max(0, len(text)-n):]
	select {
	case <-p.done:
		return fmt.Sprintf("%s(ended: %v)", text, p.err)
	default:
		return text
	}
}

// Kill ends the process as a power cut would, and returns when it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // It may have ended by itself.
	<-p.done
}

// Terminate asks the process to stop and returns when it has.
func (p *Process) Terminate() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the addon manager: %w", err)
	}
	select {
	case <-p.done:
		return p.err
	case <-time.After(30 * time.Second):
		return errors.New("stop the addon manager: it still runs 30 s after SIGTERM")
	}
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Memory is the process's resident set in bytes.
func (p *Process) Memory() (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read the addon manager's memory: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmRSS:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("read the addon manager's memory: no VmRSS for process %d", p.cmd.Process.Pid)
}
