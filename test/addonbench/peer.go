package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// A peer runs in a process of its own, so that its CPU time and memory can be told
// from the benchmark's. The process is this very program: it reads states from
// stdin, one a line, makes the cluster like each, and answers with a line.

// answer is what a peer says after a pass.
type answer struct {
	Error string `json:"error,omitempty"`
}

// applier makes the cluster like a tree.
type applier func(ctx context.Context, s state) error

// servePeer is the peer's side.
func servePeer(ctx context.Context, args []string) error {
	var kubeconfig, namespace string
	var objects int
	set := flag.NewFlagSet("peer", flag.ContinueOnError)
	set.StringVar(&kubeconfig, "kubeconfig", "", "")
	set.StringVar(&namespace, "namespace", "", "")
	set.IntVar(&objects, "objects", 0, "")
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.WarningHandler = -1, rest.NoWarnings{}
	t := newTree(namespace, objects, addonsFor(objects))
	makers := map[string]func(*rest.Config, *tree) (applier, error){"flux": fluxApplier, "plain": plainApplier}
	maker, ok := makers[args[0]]
	if !ok {
		return fmt.Errorf("unknown peer %q", args[0])
	}
	apply, err := maker(config, t)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s state
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return err
		}
		var a answer
		if err := apply(ctx, s); err != nil {
			a.Error = err.Error()
		}
		if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
			return err
		}
	}
	return lines.Err()
}

// peer is the benchmark's side.
type peer struct {
	name    string
	pid     int
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers chan answer
	done    chan struct{}
}

func startPeer(c *cluster, name string, t *tree) (*peer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &peer{name: name, answers: make(chan answer), done: make(chan struct{})}
	p.cmd = exec.Command(self, "peer", name, "--kubeconfig="+c.peer, "--namespace="+t.namespace, fmt.Sprintf("--objects=%d", len(t.objects)))
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log, err := os.OpenFile(filepath.Join(c.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	p.cmd.Stderr = log
	out, err1 := p.cmd.StdoutPipe()
	p.in, err = p.cmd.StdinPipe()
	if err := errors.Join(err, err1, p.cmd.Start()); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), log.Close())
	}
	p.pid = p.cmd.Process.Pid
	go func() {
		decoder := json.NewDecoder(out)
		for {
			var a answer
			if decoder.Decode(&a) != nil {
				break
			}
			p.answers <- a
		}
		_ = p.cmd.Wait() // Whoever waits for an answer learns that there is none.
		_ = log.Close()
		close(p.done)
	}()
	return p, nil
}

// apply lets the peer make one pass, and returns how long it took.
func (p *peer) apply(ctx context.Context, s state) (time.Duration, error) {
	begin := time.Now()
	if err := json.NewEncoder(p.in).Encode(s); err != nil {
		return 0, fmt.Errorf("ask %s for a pass: %w", p.name, err)
	}
	select {
	case a := <-p.answers:
		if a.Error != "" {
			return 0, fmt.Errorf("%s: %s", p.name, a.Error)
		}
		return time.Since(begin), nil
	case <-p.done:
		return 0, fmt.Errorf("%s has ended", p.name)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (p *peer) stop() {
	_ = p.cmd.Process.Kill()
	for {
		select {
		case <-p.answers:
		case <-p.done:
			return
		}
	}
}
