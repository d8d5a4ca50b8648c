package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"golang.org/x/crypto/ssh"
)

// sshRemote runs git-upload-pack on the server. Unlike go-git's, each of its
// steps ends with a context, the handshake included.
type sshRemote struct {
	address string
	command string
	config  *ssh.ClientConfig
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
}

func newSSH(where place, keys secret, proxy *url.URL) (*sshRemote, error) {
	identity := keys.data["identity"]
	if len(bytes.TrimSpace(identity)) == 0 {
		return nil, fmt.Errorf("%s: it is missing; an ssh URL needs a private key (`ssh-keygen -t ed25519 -N '' -f identity`) that the server knows", keys.key("identity"))
	}
	if !bytes.HasSuffix(identity, []byte("\n")) {
		identity = append(bytes.Clone(identity), '\n')
	}
	signer, err := ssh.ParsePrivateKey(identity)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		passphrase := keys.text("passphrase")
		if passphrase == "" {
			return nil, fmt.Errorf("%s: it is encrypted; add %s, or a key without one", keys.key("identity"), keys.key("passphrase"))
		}
		if signer, err = ssh.ParsePrivateKeyWithPassphrase(identity, []byte(passphrase)); err != nil {
			return nil, fmt.Errorf("%s: it does not open with the passphrase", keys.key("identity"))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: it is not a private key in OpenSSH or PEM format", keys.key("identity"))
	}
	hosts, err := parseKnownHosts(keys)
	if err != nil {
		return nil, err
	}
	algorithms := hosts.algorithms(where.address())
	if len(algorithms) == 0 {
		return nil, fmt.Errorf("%s: it has no key of %s; add the line that `ssh-keyscan%s %s` prints, once you have compared it with what the server's owner publishes",
			keys.key("known_hosts"), where.address(), portFlag(where.port), where.host)
	}
	user := where.user
	if user == "" {
		user = "git"
	}
	file := where.path
	if strings.HasPrefix(file, "/~") {
		file = file[1:]
	}
	return &sshRemote{
		address: where.address(),
		command: transport.UploadPackServiceName + " " + quote(file),
		dial:    dialer(proxy),
		config: &ssh.ClientConfig{
			User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
			HostKeyCallback: hosts.check(keys), HostKeyAlgorithms: algorithms,
		},
	}, nil
}

func portFlag(port int) string {
	if port == 0 || port == 22 {
		return ""
	}
	return fmt.Sprintf(" -p %d", port)
}

// quote makes one word of a path for the server's shell, as git does.
func quote(s string) string {
	return "'" + strings.NewReplacer(`'`, `'\''`, `!`, `'\!'`).Replace(s) + "'"
}

func (r *sshRemote) idle() {}

func (r *sshRemote) open(ctx context.Context) (session, error) {
	conn, err := r.dial(ctx, "tcp", r.address)
	if err != nil {
		return nil, err
	}
	// x/crypto/ssh knows no contexts: closing the connection is what ends every wait.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	s := &sshSession{conn: conn}
	if err := s.start(r); err != nil {
		_ = conn.Close() // It is of no use, and its end says nothing new.
		return nil, ended(ctx, err)
	}
	return s, nil
}

type sshSession struct {
	conn   net.Conn
	run    *ssh.Session
	stdin  io.WriteCloser
	stdout io.Reader
	stderr reason
}

func (s *sshSession) start(r *sshRemote) error {
	conn, channels, requests, err := ssh.NewClientConn(s.conn, r.address, r.config)
	if err != nil {
		return err
	}
	if s.run, err = ssh.NewClient(conn, channels, requests).NewSession(); err != nil {
		return err
	}
	s.run.Stderr = &s.stderr
	if s.stdin, err = s.run.StdinPipe(); err != nil {
		return err
	}
	if s.stdout, err = s.run.StdoutPipe(); err != nil {
		return err
	}
	return s.run.Start(r.command)
}

func (s *sshSession) refs(ctx context.Context) (*packp.AdvRefs, error) {
	stop := context.AfterFunc(ctx, s.close)
	defer stop()
	refs := packp.NewAdvRefs()
	err := refs.Decode(&limited{ReadCloser: io.NopCloser(s.stdout), left: maxRefBytes})
	switch {
	case errors.Is(err, packp.ErrEmptyAdvRefs), err == nil && refs.IsEmpty():
		return nil, transport.ErrEmptyRemoteRepository
	case err == nil:
		transport.FilterUnsupportedCapabilities(refs.Capabilities)
		return refs, nil
	case ctx.Err() != nil:
		return nil, ended(ctx, err)
	}
	return nil, s.why(err)
}

func (s *sshSession) pack(ctx context.Context, request *packp.UploadPackRequest) (io.ReadCloser, error) {
	stop := context.AfterFunc(ctx, s.close)
	body := &sshPack{Reader: s.stdout, done: func() { stop(); s.close() }}
	err := errors.Join(request.UploadRequest.Encode(s.stdin), request.UploadHaves.Encode(s.stdin, true),
		pktline.NewEncoder(s.stdin).EncodeString("done\n"))
	answer := packp.NewUploadPackResponse(request)
	if err == nil {
		err = answer.Decode(body)
	}
	if err != nil {
		if ctx.Err() == nil {
			err = s.why(err)
		}
		body.done()
		return nil, ended(ctx, err)
	}
	return answer, nil
}

// why prefers what the server said to what its silence means.
func (s *sshSession) why(err error) error {
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		_ = s.run.Wait()
	}()
	select {
	case <-finished:
	case <-time.After(time.Second):
	}
	if text := s.stderr.String(); text != "" {
		return fmt.Errorf("the server says: %s", text)
	}
	return err
}

func (s *sshSession) close() { _ = s.conn.Close() }

type sshPack struct {
	io.Reader
	done func()
}

func (p *sshPack) Close() error { p.done(); return nil }

// reason keeps the beginning of what a server complains about.
type reason struct {
	mu   sync.Mutex
	text []byte
}

func (r *reason) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text = append(r.text, p[:min(len(p), maxReason-len(r.text))]...)
	return len(p), nil
}

func (r *reason) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return oneLine(string(r.text))
}

// ended names the budget that was spent instead of the connection that it closed.
func ended(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
