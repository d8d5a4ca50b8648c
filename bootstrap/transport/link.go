package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/internal/wait"
)

const (
	// dialTimeout is that of one try, the handshake included.
	dialTimeout       = 10 * time.Second
	keepAliveEvery    = 10 * time.Second
	keepAlivePatience = 15 * time.Second
)

// link is the way to one SSH server. It holds at most one connection, which is
// made when somebody wants it, and anew when it was lost.
type link struct {
	pool *Pool
	to   endpoint
	via  *link // the jump host; nil for none

	// turn is held by whoever connects; the others wait for the outcome.
	turn    chan struct{}
	mu      sync.Mutex
	current *connection
}

// connection is one that stands, or has stood.
type connection struct {
	to     endpoint
	client *ssh.Client
	done   chan struct{} // closed with the connection
	root   *becomeRoot
}

// link returns the one for a route, and makes it the first time.
func (p *Pool) link(r route) *link {
	if l, ok := p.links[r]; ok {
		return l
	}
	l := &link{pool: p, to: r.target, turn: make(chan struct{}, 1)}
	if r.jump != (endpoint{}) {
		l.via = p.link(route{target: r.jump})
	}
	p.links[r] = l
	return l
}

// connect returns the connection, and makes it where there is none.
func (l *link) connect(ctx context.Context) (*connection, error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if c := l.standing(); c != nil {
		return c, nil
	}
	made, err := l.make(ctx)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.current = made
	l.mu.Unlock()
	go made.keepAlive(keepAliveEvery, keepAlivePatience)
	return made, nil
}

// make connects, and asks the user what there is to ask between two tries:
// people think longer than servers wait.
func (l *link) make(ctx context.Context) (*connection, error) {
	if l.via != nil {
		if _, err := l.via.connect(ctx); err != nil {
			return nil, l.through(err)
		}
	}
	auth, err := l.pool.keys.of(ctx, l.to)
	if err != nil {
		return nil, gone{err}
	}
	for {
		c, err := l.await(ctx, auth)
		var unknown *unknownHost
		if !errors.As(err, &unknown) {
			return c, l.unreachable(err)
		}
		if err := l.pool.hosts.introduce(ctx, unknown); err != nil {
			return nil, gone{err}
		}
	}
}

// await tries again for as long as the pool's Patience says, unless the host
// answers and will not have us.
func (l *link) await(ctx context.Context, auth login) (made *connection, err error) {
	o := l.pool.options
	return made, wait.For(ctx, wait.Options{
		What: "SSH on " + l.to.String(), Budget: o.Patience, Every: 250 * time.Millisecond, Slowest: 5 * time.Second,
	}, func(ctx context.Context) (bool, string, error) {
		made, err = l.try(ctx, auth)
		if err != nil && !transient(err) && (!o.Young || !errors.Is(err, errNotLetIn)) {
			return false, "", wait.Stop(gone{err})
		}
		return err == nil, "", err
	})
}

// try connects once; a host of which a fingerprint is known is asked for each of its keys.
func (l *link) try(ctx context.Context, auth login) (*connection, error) {
	expect, err := l.pool.hosts.expect(l.to)
	if err != nil {
		return nil, err
	}
	for {
		c, err := l.handshake(ctx, auth, expect)
		if err == nil || !expect.next(err) {
			return c, expect.explain(err)
		}
	}
}

// unreachable adds a way out to an error that has none of its own.
func (l *link) unreachable(err error) error {
	if err == nil || ui.HintOf(err) != "" {
		return err
	}
	return ui.Hint(err, "is it switched on, is %s its address, and does its firewall let SSH in? `ssh -p %d %s@%s true` tries the same",
		l.to.host, l.to.port, l.to.user, l.to.host)
}

func (l *link) standing() *connection {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current == nil {
		return nil
	}
	select {
	case <-l.current.done:
		l.current = nil
	default:
	}
	return l.current
}

func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil {
		_ = l.current.client.Close() // it may be closed already
	}
}

// errNotLetIn is a server that takes none of our keys.
var errNotLetIn = errors.New("the server takes none of our keys")

func (l *link) handshake(ctx context.Context, auth login, expect *expectation) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	raw, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	// x/crypto/ssh knows no contexts: closing the connection ends every wait.
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	conn, channels, requests, err := ssh.NewClientConn(raw, l.to.address(), &ssh.ClientConfig{
		User: l.to.user, Auth: auth.methods,
		HostKeyCallback: expect.check, HostKeyAlgorithms: expect.algorithms(),
	})
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = raw.Close() // it is of no use, and its end says nothing new
		switch {
		case expect.refused != nil:
			return nil, expect.refused
		case strings.Contains(err.Error(), "unable to authenticate"), strings.Contains(err.Error(), "Too many authentication failures"):
			return nil, ui.Hint(fmt.Errorf("%s: %w: it was offered %s", l.to, errNotLetIn, auth.offered),
				"name the right user and identityFile in the machines file; `ssh-copy-id -p %d %s@%s` puts a key there", l.to.port, l.to.user, l.to.host)
		case ctx.Err() != nil:
			return nil, fmt.Errorf("%s does not finish the handshake: %w", l.to.address(), ctx.Err())
		}
		return nil, err
	}
	c := &connection{to: l.to, client: ssh.NewClient(conn, channels, requests), done: make(chan struct{})}
	c.root = &becomeRoot{passwords: &l.pool.sudo}
	go func() {
		_ = c.client.Wait() // why it ended is said by what was running
		close(c.done)
	}()
	return c, nil
}

// open makes the connection below SSH's.
func (l *link) open(ctx context.Context) (net.Conn, error) {
	if l.via == nil {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", l.to.address())
	}
	jump, err := l.via.connect(ctx)
	if err != nil {
		return nil, l.through(err)
	}
	conn, err := jump.client.DialContext(ctx, "tcp", l.to.address())
	if err != nil {
		return nil, l.through(err)
	}
	return conn, nil
}

func (l *link) through(err error) error { return fmt.Errorf("through %s: %w", l.via.to, err) }

// transient tells whether a host that is starting, or has too much to do, may
// give this error.
func transient(err error) bool {
	if IsGone(err) {
		return false
	}
	var name *net.DNSError
	if errors.As(err, &name) {
		return !name.IsNotFound
	}
	var channel *ssh.OpenChannelError // the jump host could not reach it
	if errors.As(err, &channel) {
		return channel.Reason == ssh.ConnectionFailed
	}
	var op net.Error
	return errors.As(err, &op) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ECONNRESET) ||
		// A server that is shutting down, or lets nobody in before the boot is over.
		strings.Contains(err.Error(), "ssh: disconnect")
}
