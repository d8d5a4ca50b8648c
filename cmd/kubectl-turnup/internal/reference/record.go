//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/creack/pty"
)

// The terminal that programs are recorded on.
const recordColumns, recordLines = 100, 24

// key is what a person types once the screen shows a text, or what is done then.
type key struct {
	shows, types string
	does         func() error
}

func (k key) press(terminal io.StringWriter) error {
	if k.does != nil {
		return k.does()
	}
	_, err := terminal.WriteString(k.types)
	return err
}

// record runs a command on a terminal, in a directory, until it ends.
func record(ctx context.Context, title string, cmd *exec.Cmd, keys ...key) (recording, error) {
	r := recording{columns: recordColumns, lines: recordLines, title: title}
	cmd.Env = append(cmd.Environ(), "TERM=xterm-256color", "LANG=C.UTF-8", "NO_COLOR=", "COLUMNS=", "LINES=")
	person, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: recordColumns, Rows: recordLines})
	if err != nil {
		return r, fmt.Errorf("record %s: %w", title, err)
	}
	defer person.Close()
	defer context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })()
	start, screen := time.Now(), r.screen(0)
	for buffer := make([]byte, 1<<16); ; {
		n, err := person.Read(buffer) // ends with EIO once the program has ended
		if err != nil {
			break
		}
		r.events = append(r.events, output{float64(time.Since(start).Milliseconds()) / 1000, string(buffer[:n])})
		_, _ = screen.Write(buffer[:n])
		if len(keys) > 0 && strings.Contains(screen.String(), keys[0].shows) {
			if err := keys[0].press(person); err != nil {
				return r, fmt.Errorf("record %s: %w", title, err)
			}
			keys = keys[1:]
		}
	}
	if err := cmd.Wait(); err != nil {
		return r, fmt.Errorf("record %s: %w\n%s", title, err, screen.String())
	}
	if len(keys) > 0 {
		return r, fmt.Errorf("record %s: the screen never showed %q", title, keys[0].shows)
	}
	return r, nil
}

// recordCluster makes a real cluster with the plugin of bin/, watches how it is
// while a kubelet of it stops, and deletes it again.
func recordCluster(ctx context.Context) (create, watch recording, err error) {
	plugin, err := filepath.Abs("bin/kubectl-turnup")
	if err != nil {
		return create, watch, err
	}
	bundle, err := filepath.Abs(".cache/bundle")
	if err != nil {
		return create, watch, err
	}
	dir, err := os.MkdirTemp("", "recording")
	if err != nil {
		return create, watch, err
	}
	defer os.RemoveAll(dir)
	run := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, plugin, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(dir, "kubeconfig"))
		return cmd
	}
	// The bundle is named before, so that its path is not in the picture.
	if out, err := run("config", "set", "bootstrap.bundle="+bundle).CombinedOutput(); err != nil {
		return create, watch, fmt.Errorf("write a config: %w: %s", err, out)
	}
	defer func() { _ = run("delete", "demo", "--yes").Run() }()
	if create, err = record(ctx, "kubectl turnup create", run("create")); err != nil {
		return create, watch, err
	}
	stop := func() error {
		return exec.CommandContext(ctx, "docker", "exec", "demo-worker-1", "systemctl", "stop", "kubelet").Run()
	}
	// Static pods show up some time after their machine does. An interrupt that is
	// typed would be on the screen.
	status := run("status", "--watch")
	watch, err = record(ctx, "kubectl turnup status --watch", status,
		key{shows: "KUBE-SCHEDULER", does: stop},
		key{shows: watchShows, does: func() error { return status.Process.Signal(os.Interrupt) }})
	return create, watch, err
}

// down is the cursor key.
const down = "\x1b[B"

// recordWizard runs the wizard of this very checkout.
func recordWizard(ctx context.Context) (recording, error) {
	self, err := os.Executable()
	if err != nil {
		return recording{}, err
	}
	dir, err := os.MkdirTemp("", "recording")
	if err != nil {
		return recording{}, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.CommandContext(ctx, self, "config")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), asPlugin+"=1")
	return record(ctx, "kubectl turnup config", cmd,
		key{shows: "Addons", types: down + down + down + "\r"}, key{shows: wizardShows, types: "q"}, key{shows: "discard them", types: "d"})
}
