package transport

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// server is an SSH server in this process that runs commands with the real sh.
type server struct {
	t        *testing.T
	listener net.Listener
	config   *ssh.ServerConfig
	// path is put before PATH: a test's own sudo is found there.
	path string

	mu       sync.Mutex
	conns    []net.Conn
	tries    int // connections
	logins   int // those that were let in
	commands []string
}

// newKey makes a key pair, and the private half as a file that has a passphrase
// if one is given.
func newKey(t *testing.T, passphrase string) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "test")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "test", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "id")
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return signer, path
}

// serve starts a server with a host key that lets one key in.
func serve(t *testing.T, host ssh.Signer, allowed ssh.PublicKey) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, listener, host, allowed)
}

func serveOn(t *testing.T, listener net.Listener, host ssh.Signer, allowed ssh.PublicKey) *server {
	t.Helper()
	s := &server{t: t, listener: listener, config: &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if string(key.Marshal()) != string(allowed.Marshal()) {
				return nil, fmt.Errorf("unknown key")
			}
			return nil, nil
		},
	}}
	s.config.AddHostKey(host)
	go s.run()
	t.Cleanup(func() { _ = listener.Close(); s.hangUp() })
	return s
}

func (s *server) run() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		s.tries++
		s.mu.Unlock()
		go s.handle(conn)
	}
}

// hangUp cuts every connection, like a power cut.
func (s *server) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
}

func (s *server) handle(conn net.Conn) {
	s.mu.Lock()
	config := *s.config
	s.mu.Unlock()
	_, channels, requests, err := ssh.NewServerConn(conn, &config)
	if err != nil {
		return
	}
	s.mu.Lock()
	s.logins++
	s.mu.Unlock()
	go ssh.DiscardRequests(requests)
	for c := range channels {
		switch c.ChannelType() {
		case "session":
			channel, requests, err := c.Accept()
			if err == nil {
				go s.session(channel, requests)
			}
		case "direct-tcpip":
			go s.forward(c)
		default:
			_ = c.Reject(ssh.UnknownChannelType, "")
		}
	}
}

func (s *server) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	for r := range requests {
		if r.Type != "exec" {
			_ = r.Reply(false, nil)
			continue
		}
		var payload struct{ Command string }
		_ = ssh.Unmarshal(r.Payload, &payload)
		_ = r.Reply(true, nil)
		s.mu.Lock()
		s.commands = append(s.commands, payload.Command)
		path := s.path
		s.mu.Unlock()
		go func() {
			cmd := exec.Command("sh", "-c", payload.Command)
			cmd.Env = append(os.Environ(), "PATH="+path+":"+os.Getenv("PATH"))
			cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
			stdin, _ := cmd.StdinPipe()
			go func() { _, _ = io.Copy(stdin, channel); _ = stdin.Close() }()
			err := cmd.Run()
			code := 0
			if err != nil {
				code = cmd.ProcessState.ExitCode()
			}
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(code)}))
			_ = channel.Close()
		}()
	}
}

func (s *server) forward(c ssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		Origin     string
		OriginPort uint32
	}
	_ = ssh.Unmarshal(c.ExtraData(), &to)
	conn, err := net.Dial("tcp", net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port))))
	if err != nil {
		_ = c.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	go func() { _, _ = io.Copy(channel, conn); _ = channel.Close() }()
	_, _ = io.Copy(conn, channel)
	_ = conn.Close()
}

// counts are how often somebody connected, and was let in.
func (s *server) counts() (tries, logins int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tries, s.logins
}

func (s *server) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// ran lists the commands that came in.
func (s *server) ran() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// machine is an entry of a machines file for this server.
func (s *server) machine(edit func(*machines.SSH)) machines.Machine {
	entry := &machines.SSH{Host: "127.0.0.1", Port: s.port()}
	if edit != nil {
		edit(entry)
	}
	return machines.Machine{Name: "m0", Address: "127.0.0.1", Transport: machines.Transport{SSH: entry}}
}

// withSudo gives the server a sudo: without a password if that is "", else with
// one, read like the real one, byte by byte from stdin.
func (s *server) withSudo(password string) {
	path := s.t.TempDir()
	script := `#!/bin/sh
needs='` + password + `'
while :; do case $1 in -k|-S) shift;; -n) noask=1; shift;; -p) shift 2;; *) break;; esac; done
if test -n "$needs"; then
	test -z "$noask" || { echo "sudo: a password is required" >&2; exit 1; }
	read -r given || { echo "sudo: no password was provided" >&2; exit 1; }
	test "$given" = "$needs" || { echo "Sorry, try again." >&2; exit 1; }
fi
exec "$@"
`
	if err := os.WriteFile(filepath.Join(path, "sudo"), []byte(script), 0o755); err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.path = path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wants fails unless an error says all the words.
func wants(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", words)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error does not say %q:\n%v", word, err)
		}
	}
}
