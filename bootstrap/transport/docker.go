package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"

	"turnup.dev/kubectl-turnup/internal/dockerhost"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// docker reaches a machine that is a container by the Docker API's exec.
type docker struct {
	machine   string
	container string
	host      string
	api       *client.Client
	log       *log
}

func openDocker(machine, name string, log *log) (*docker, error) {
	api, host, err := dockerhost.Client()
	if err != nil {
		return nil, err
	}
	return &docker{machine: machine, container: name, host: host, api: api, log: log}, nil
}

// unreachable tells what no further try will cure from what one may.
func (d *docker) unreachable(err error) error {
	switch {
	case client.IsErrConnectionFailed(err):
		return gone{dockerhost.Explain(d.host, err)}
	case cerrdefs.IsNotFound(err):
		return gone{ui.Hint(fmt.Errorf("reach machine %s: Docker at %s has no container %s", d.machine, d.host, d.container),
			"`kubectl turnup create` makes machines; for machines of your own, name their container in the machines file")}
	}
	return fmt.Errorf("run on machine %s: %w", d.machine, err)
}

func (d *docker) Run(ctx context.Context, script string, stdin io.Reader) (string, error) {
	stderr, end := d.log.begin(script)
	out, err := d.run(ctx, script, stdin, stderr)
	end(outcome(err))
	return out, err
}

func (d *docker) run(ctx context.Context, script string, stdin io.Reader, stderr io.Writer) (string, error) {
	exec, err := d.api.ContainerExecCreate(ctx, d.container, container.ExecOptions{
		User: "root", Cmd: []string{"sh", "-c", script},
		AttachStdin: stdin != nil, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return "", d.unreachable(err)
	}
	stream, err := d.api.ContainerExecAttach(ctx, exec.ID, container.ExecAttachOptions{})
	if err != nil {
		return "", fmt.Errorf("run on machine %s: %w", d.machine, err)
	}
	defer stream.Close()
	// The stream knows nothing of ctx; closing it ends the copies below.
	stop := context.AfterFunc(ctx, stream.Close)
	defer stop()

	sent := make(chan error, 1)
	go func() { sent <- send(stream.Conn, stream.CloseWrite, stdin) }()
	var out bytes.Buffer
	errTail := &tail{limit: 4096}
	_, err = stdcopy.StdCopy(&out, io.MultiWriter(errTail, stderr), stream.Reader)
	if ctx.Err() != nil {
		return "", fmt.Errorf("run on machine %s: %w", d.machine, context.Cause(ctx))
	}
	if err != nil {
		return "", fmt.Errorf("read from machine %s: %w", d.machine, err)
	}
	code, err := d.exitCode(ctx, exec.ID)
	if err != nil {
		return "", fmt.Errorf("run on machine %s: %w", d.machine, err)
	}
	if code != 0 {
		return out.String(), &ExitError{Machine: d.machine, Code: code, Stderr: errTail.String()}
	}
	if err := <-sent; err != nil {
		return "", fmt.Errorf("send to machine %s: %w", d.machine, err)
	}
	return out.String(), nil
}

// exitCode waits for a script's exit code: its output may end a moment before
// Docker knows of its end, and until then the code reads 0.
func (d *docker) exitCode(ctx context.Context, exec string) (int, error) {
	for {
		state, err := d.api.ContainerExecInspect(ctx, exec)
		if err != nil || !state.Running {
			return state.ExitCode, err
		}
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func send(to io.Writer, done func() error, stdin io.Reader) error {
	if stdin == nil {
		return nil
	}
	if _, err := io.Copy(to, stdin); err != nil {
		return err
	}
	return done()
}
