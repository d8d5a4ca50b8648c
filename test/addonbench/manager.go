package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// program is the addon manager as its image has it.
type program struct{ path string }

// buildManager compiles the addon manager of this checkout, as `make images` does.
func buildManager(ctx context.Context, root, dir string) (program, error) {
	path := filepath.Join(dir, "addon-manager")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "./addon-manager")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := cmd.Run(); err != nil {
		return program{}, fmt.Errorf("build the addon manager: %w", err)
	}
	return program{path}, nil
}

// manager is one running addon manager.
type manager struct {
	pid     int
	began   time.Time
	address string
	log     string
	cmd     *exec.Cmd
	done    chan struct{}
}

// start runs an addon manager with its image's environment.
func (p program) start(c *cluster, args ...string) (*manager, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := &manager{address: listener.Addr().String(), log: filepath.Join(c.dir, "addon-manager.log"), done: make(chan struct{})}
	if err := listener.Close(); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(a.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	a.cmd = exec.Command(p.path, append([]string{
		"--kubeconfig=" + c.manager, "--listen=" + a.address, "--approve=false", "--identity=bench",
	}, args...)...)
	a.cmd.Env = append(os.Environ(), c.environment...)
	a.cmd.Stdout, a.cmd.Stderr = log, log
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	a.began = time.Now()
	if err := a.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the addon manager: %w", err), log.Close())
	}
	a.pid = a.cmd.Process.Pid
	go func() {
		_ = a.cmd.Wait() // Its log says why it ended.
		_ = log.Close()
		close(a.done)
	}()
	return a, nil
}

// ready waits until it holds the lease and knows what it owns.
func (a *manager) ready(ctx context.Context) error {
	return eventually(ctx, 60*time.Second, func() error {
		select {
		case <-a.done:
			return fmt.Errorf("the addon manager has ended:\n%s", a.tail())
		default:
		}
		_, err := a.get(ctx, "/readyz")
		return err
	})
}

func (a *manager) get(ctx context.Context, path string) ([]byte, error) {
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.address+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(ask)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", path, response.Status)
	}
	return io.ReadAll(response.Body)
}

// metric sums up all series of one of the manager's own metrics; false where there is none.
func (a *manager) metric(ctx context.Context, name string) (sum float64, found bool) {
	body, err := a.get(ctx, "/metrics")
	if err != nil {
		return 0, false
	}
	lines := bufio.NewScanner(bytes.NewReader(body))
	for lines.Scan() {
		rest, ok := strings.CutPrefix(lines.Text(), name)
		if !ok || (rest[0] != ' ' && rest[0] != '{') {
			continue
		}
		value, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		if err == nil {
			sum, found = sum+value, true
		}
	}
	return sum, found
}

// stop ends it as the kubelet would.
func (a *manager) stop() {
	_ = a.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-a.done:
	case <-time.After(10 * time.Second):
		_ = a.cmd.Process.Kill()
		<-a.done
	}
}

func (a *manager) tail() string {
	data, _ := os.ReadFile(a.log)
	return string(data[max(0, len(data)-2000):])
}
