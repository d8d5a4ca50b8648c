package controlplane

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// process is one part of the control plane; done is closed when it has ended.
type process struct {
	name string
	path string
	args []string
	cmd  *exec.Cmd
	log  string
	done chan struct{}
}

func (c *Cluster) start(name, path string, args ...string) error {
	p := &process{name: name, path: path, args: args, log: c.path(name + ".log")}
	if err := p.run(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.processes = append(c.processes, p)
	return nil
}

func (p *process) run() error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	cmd, done := exec.Command(p.path, p.args...), make(chan struct{})
	cmd.Stdout, cmd.Stderr = log, log
	// A test binary that is killed takes its servers along.
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("start %s: %w", p.name, err), log.Close())
	}
	go func() {
		_ = cmd.Wait() // Whoever waits for it reads its log.
		_ = log.Close()
		close(done)
	}()
	p.cmd, p.done = cmd, done
	return nil
}

// named returns a part of the control plane.
func (c *Cluster) named(name string) (*process, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.processes {
		if p.name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("no %s was started", name)
}

// PID is the process id of etcd, kube-apiserver or kube-controller-manager; 0 if it was not started.
func (c *Cluster) PID(name string) int {
	p, err := c.named(name)
	if err != nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return p.cmd.Process.Pid
}

// Kill ends one part as a power cut would, and returns when it is gone.
func (c *Cluster) Kill(name string) error { return c.end(name, syscall.SIGKILL) }

// grace is what a part gets to stop in order. The API server takes no new connections
// then, and would wait for its watches for a minute.
const grace = 3 * time.Second

// Terminate asks one part to stop, kills it when its grace is over, as a kubelet does, and
// returns when it is gone.
func (c *Cluster) Terminate(name string) error {
	if err := c.end(name, syscall.SIGTERM); err == nil || !errors.Is(err, errRuns) {
		return err
	}
	return c.Kill(name)
}

// errRuns is wrapped where a process has not heeded a signal in time.
var errRuns = errors.New("it still runs")

func (c *Cluster) end(name string, signal syscall.Signal) error {
	p, err := c.named(name)
	if err != nil {
		return err
	}
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", name, err)
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(grace):
		return fmt.Errorf("stop %s by signal %s: %w after %s", name, signal, errRuns, grace)
	}
}

// Restart starts a part again that was killed or terminated, with the same port and data, and
// returns when the API server is ready.
func (c *Cluster) Restart(name string) error {
	p, err := c.named(name)
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	default:
		return fmt.Errorf("start %s again: it runs still", name)
	}
	c.mu.Lock()
	err = p.run()
	c.mu.Unlock()
	if err != nil {
		return err
	}
	return c.ready()
}

func (c *Cluster) dead() *process {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.processes {
		select {
		case <-p.done:
			return p
		default:
		}
	}
	return nil
}

// tail is the end of every log, for errors.
func (c *Cluster) tail() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var text strings.Builder
	for _, p := range c.processes {
		data, _ := os.ReadFile(p.log)
		fmt.Fprintf(&text, "--- %s\n%s\n", p.name, data[max(0, len(data)-1500):])
	}
	return text.String()
}

// Pause stops the API server from answering, until the returned function is called.
func (c *Cluster) Pause() (resume func()) {
	p, err := c.named("kube-apiserver")
	if err != nil {
		return func() {}
	}
	_ = p.cmd.Process.Signal(hold)
	return func() { _ = p.cmd.Process.Signal(proceed) }
}

// Stop ends everything.
func (c *Cluster) Stop() {
	c.mu.Lock()
	processes := c.processes
	c.processes = nil
	c.mu.Unlock()
	for i := len(processes) - 1; i >= 0; i-- {
		p := processes[i]
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}
