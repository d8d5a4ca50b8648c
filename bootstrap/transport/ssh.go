package transport

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// secureShell reaches a machine by SSH.
type secureShell struct {
	machine string
	link    *link
	log     *log
}

// endpoint is an SSH server and whom it is to let in.
type endpoint struct {
	host, user string
	port       int
	// identity is the path of a private key, as the machines file has it.
	identity string
	// hostKey is the only fingerprint that will do; "" leaves it to known_hosts.
	hostKey string
}

func (e endpoint) address() string { return net.JoinHostPort(e.host, strconv.Itoa(e.port)) }
func (e endpoint) String() string  { return e.user + "@" + e.address() }

// route is an endpoint and the one it is reached through, if there is one.
type route struct{ target, jump endpoint }

// routeTo fills in the defaults of a machine's entry.
func routeTo(m machines.Machine) route {
	s := m.Transport.SSH
	r := route{target: endpoint{
		host: cmp.Or(s.Host, m.Address), port: cmp.Or(s.Port, 22), user: cmp.Or(s.User, "root"),
		identity: s.IdentityFile, hostKey: s.HostKey,
	}}
	if j := s.Jump; j != nil {
		r.jump = endpoint{
			host: j.Host, port: cmp.Or(j.Port, 22), user: cmp.Or(j.User, r.target.user),
			identity: cmp.Or(j.IdentityFile, r.target.identity), hostKey: j.HostKey,
		}
	}
	return r
}

// Route says by which SSH servers a machine is reached.
func Route(m machines.Machine) string {
	r := routeTo(m)
	if r.jump == (endpoint{}) {
		return "ssh " + r.target.String()
	}
	return "ssh " + r.target.String() + " through " + r.jump.String()
}

func (s *secureShell) Run(ctx context.Context, script string, stdin io.Reader) (string, error) {
	stderr, end := s.log.begin(script)
	out, err := s.run(ctx, script, stdin, stderr)
	// That a connection is gone may show only when it is used. Nothing has run then.
	if errors.As(err, new(notBegun)) && ctx.Err() == nil {
		out, err = s.run(ctx, script, stdin, stderr)
	}
	end(outcome(err))
	return out, err
}

func (s *secureShell) run(ctx context.Context, script string, stdin io.Reader, stderr io.Writer) (string, error) {
	conn, err := s.link.connect(ctx)
	if err != nil {
		return "", s.explain(err)
	}
	command, head, err := conn.asRoot(ctx, script)
	if err != nil {
		return "", s.explain(err)
	}
	said := &tail{limit: 4096}
	out, err := conn.exec(ctx, command, head, stdin, io.MultiWriter(said, stderr))
	var exit *ssh.ExitError
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("run on machine %s: %w", s.machine, context.Cause(ctx))
	case errors.As(err, &exit) && exit.Signal() != "":
		return out, fmt.Errorf("run on machine %s: the command was ended there by signal %s", s.machine, exit.Signal())
	case errors.As(err, &exit):
		return out, &ExitError{Machine: s.machine, Code: exit.ExitStatus(), Stderr: said.String()}
	case err != nil:
		return "", ui.Hint(fmt.Errorf("run on machine %s: the connection was lost: %w", s.machine, err),
			"if the host reboots, or has lost its network, run the same command again: it goes on where it was")
	}
	return out, nil
}

func (s *secureShell) explain(err error) error {
	wrapped := fmt.Errorf("reach machine %s: %w", s.machine, err)
	if hint := ui.HintOf(err); hint != "" {
		return ui.Hint(wrapped, "%s", hint)
	}
	return wrapped
}

// notBegun is the loss of a connection on which nothing was started.
type notBegun struct{ error }

func (e notBegun) Unwrap() error { return e.error }

// exec runs a command with head and then stdin as its input, and returns its
// stdout. The command's own failure is an *ssh.ExitError.
func (c *connection) exec(ctx context.Context, command, head string, stdin io.Reader, stderr io.Writer) (string, error) {
	session, err := c.client.NewSession()
	if errors.As(err, new(*ssh.OpenChannelError)) {
		return "", err // the server may not want more; what it has goes on
	}
	if err != nil {
		_ = c.client.Close()
		<-c.done
		return "", notBegun{err}
	}
	defer session.Close()
	// A session knows nothing of ctx; closing it ends the wait below.
	stop := context.AfterFunc(ctx, func() {
		_ = session.Signal(ssh.SIGTERM) // the server may not care
		_ = session.Close()
	})
	defer stop()
	var out bytes.Buffer
	session.Stdout, session.Stderr = &out, stderr
	pipe, err := session.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := session.Start(command); err != nil {
		return "", err
	}
	sent := make(chan error, 1)
	go func() { sent <- feed(pipe, head, stdin) }()
	if err := session.Wait(); err != nil {
		return out.String(), err
	}
	// A command that was content without all of its input has succeeded, unless
	// the input itself could not be read.
	if err := <-sent; err != nil && !errors.Is(err, io.EOF) {
		return out.String(), fmt.Errorf("send: %w", err)
	}
	return out.String(), nil
}

func feed(pipe io.WriteCloser, head string, stdin io.Reader) error {
	input := io.Reader(strings.NewReader(head))
	if stdin != nil {
		input = io.MultiReader(input, stdin)
	}
	_, err := io.Copy(pipe, input)
	return errors.Join(err, pipe.Close())
}

// keepAlive asks the server now and then whether it is still there, and closes
// the connection when it is not: a host without power sends no goodbye.
func (c *connection) keepAlive(every, patience time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-tick.C:
		}
		answered := time.AfterFunc(patience, func() { _ = c.client.Close() })
		_, _, err := c.client.SendRequest("keepalive@openssh.com", true, nil)
		answered.Stop()
		if err != nil {
			_ = c.client.Close() // it ends the scripts that wait for it
			return
		}
	}
}
