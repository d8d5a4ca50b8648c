package git

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/source"
)

// upstream is a real repository, written with the git binary.
type upstream struct {
	t   *testing.T
	dir string
	env []string
}

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is missing: NOTHING of the git source is tested")
	}
	u := &upstream{t: t, dir: filepath.Join(t.TempDir(), "repo.git"), env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}}
	if err := os.MkdirAll(u.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	u.git("init", "--quiet", "--initial-branch=main", ".")
	u.git("config", "gc.auto", "0")
	return u
}

func (u *upstream) git(args ...string) string {
	u.t.Helper()
	command := exec.Command("git", args...)
	command.Dir, command.Env = u.dir, u.env
	out, err := command.CombinedOutput()
	if err != nil {
		u.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit writes files, commits them and returns the commit.
func (u *upstream) commit(message string, files map[string]string, flags ...string) string {
	u.t.Helper()
	for name, text := range files {
		file := filepath.Join(u.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			u.t.Fatal(err)
		}
	}
	u.git("add", "--all")
	u.git(append([]string{"commit", "--quiet", "--allow-empty", "--message", message}, flags...)...)
	return u.git("rev-parse", "HEAD")
}

func (u *upstream) link(name, target string) {
	u.t.Helper()
	file := filepath.Join(u.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.Symlink(target, file)); err != nil {
		u.t.Fatal(err)
	}
}

// backend is git's own HTTP server.
func (u *upstream) backend() http.Handler {
	return &cgi.Handler{
		Path: filepath.Join(u.git("--exec-path"), "git-http-backend"), Stderr: io.Discard, Logger: log.New(io.Discard, "", 0),
		Env: append(slices.Clone(u.env), "GIT_PROJECT_ROOT="+filepath.Dir(u.dir), "GIT_HTTP_EXPORT_ALL=1"),
	}
}

// web serves the repository over HTTP, counting the requests.
type web struct {
	*httptest.Server
	requests atomic.Int64
	posts    atomic.Int64
}

// url is where its repository is.
func (w *web) url() string { return w.URL + "/repo.git" }

func serve(t *testing.T, handler http.Handler, start func(http.Handler) *httptest.Server) *web {
	t.Helper()
	w := &web{}
	w.Server = start(http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		w.requests.Add(1)
		if request.Method == http.MethodPost {
			w.posts.Add(1)
		}
		handler.ServeHTTP(answer, request)
	}))
	t.Cleanup(func() { w.CloseClientConnections(); w.Close() })
	return w
}

func (u *upstream) http() *web {
	u.t.Helper()
	return serve(u.t, u.backend(), httptest.NewServer)
}

func pemOf(server *web) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

func open(t *testing.T, spec api.GitSpec, secret map[string]string) *Repository {
	t.Helper()
	r, err := New(Options{Spec: spec, Secret: data(secret)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.remote.idle)
	return r
}

func data(secret map[string]string) map[string][]byte {
	out := map[string][]byte{}
	for key, value := range secret {
		out[key] = []byte(value)
	}
	return out
}

func poll(t *testing.T, r *Repository, known string) source.Tree {
	t.Helper()
	tree, _, err := r.Poll(context.Background(), known)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// refuse polls and wants an error with all of the words in it.
func refuse(t *testing.T, r *Repository, words ...string) error {
	t.Helper()
	tree, _, err := r.Poll(context.Background(), "")
	if err == nil {
		t.Fatalf("it was read: %v", slices.Sorted(maps.Keys(tree.Files)))
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error does not say %q: %v", word, err)
		}
	}
	return err
}

func names(tree source.Tree) string {
	return strings.Join(slices.Sorted(maps.Keys(tree.Files)), " ")
}

// keyPair makes an SSH key: its private half in PEM, and the signer.
func keyPair(t *testing.T, passphrase string) (string, ssh.Signer) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var block *pem.Block
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(private, "")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block)), signer
}

// sshd is an SSH server that runs git-upload-pack.
type sshd struct {
	address  string
	known    string
	identity string
	sessions atomic.Int64
}

func (u *upstream) ssh() *sshd {
	u.t.Helper()
	_, host := keyPair(u.t, "")
	identity, client := keyPair(u.t, "")
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if !bytes.Equal(key.Marshal(), client.PublicKey().Marshal()) {
			return nil, errors.New("unknown key")
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	// A key of another kind: a client that asks for the wrong kind meets a stranger.
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		u.t.Fatal(err)
	}
	stranger, err := ssh.NewSignerFromKey(other)
	if err != nil {
		u.t.Fatal(err)
	}
	config.AddHostKey(stranger)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { listener.Close() })
	s := &sshd{address: listener.Addr().String(), identity: identity, known: knownhosts.Line([]string{listener.Addr().String()}, host.PublicKey())}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go u.talk(conn, config, s)
		}
	}()
	return s
}

func (u *upstream) talk(conn net.Conn, config *ssh.ServerConfig, s *sshd) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		s.sessions.Add(1)
		for request := range requests {
			if request.Type != "exec" {
				_ = request.Reply(false, nil)
				continue
			}
			var payload struct{ Command string }
			_ = ssh.Unmarshal(request.Payload, &payload)
			_ = request.Reply(true, nil)
			command := exec.Command("sh", "-c", payload.Command)
			command.Dir, command.Env = filepath.Dir(u.dir), u.env
			command.Args[2] = strings.Replace(payload.Command, "'/", "'./", 1)
			stdin, _ := command.StdinPipe()
			command.Stdout, command.Stderr = channel, channel.Stderr()
			go func() { _, _ = io.Copy(stdin, channel); stdin.Close() }()
			code := 0
			if err := command.Run(); err != nil {
				code = 1
			}
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(code)}))
			channel.Close()
		}
	}
}

// relay is an HTTP proxy that tunnels, with or without a login.
func relay(t *testing.T, user, password string) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	count := &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if user != "" {
			login := &http.Request{Header: http.Header{"Authorization": request.Header["Proxy-Authorization"]}}
			if u, p, ok := login.BasicAuth(); !ok || u != user || p != password {
				answer.WriteHeader(http.StatusProxyAuthRequired)
				return
			}
		}
		if request.Method != http.MethodConnect {
			answer.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		far, err := net.Dial("tcp", request.Host)
		if err != nil {
			answer.WriteHeader(http.StatusBadGateway)
			return
		}
		count.Add(1)
		near, early, err := answer.(http.Hijacker).Hijack()
		if err != nil {
			far.Close()
			return
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
		// The client's first bytes may have been read already.
		go func() { _, _ = io.Copy(far, early); far.Close() }()
		_, _ = io.Copy(near, far)
		near.Close()
	}))
	t.Cleanup(server.Close)
	return server, count
}

func (s *sshd) url() string { return "ssh://git@" + s.address + "/repo.git" }

func (s *sshd) secret() map[string]string {
	return map[string]string{"identity": s.identity, "known_hosts": s.known}
}

// eventually waits for something that happens in another goroutine.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not within 20s: " + what)
		}
	}
}

func manifest(i int) map[string]string {
	return map[string]string{"addons/dns/config.yaml": fmt.Sprintf("kind: ConfigMap\nn: %d\n", i)}
}

// gitIn runs git with something to read.
func (u *upstream) gitIn(verb, input string, args ...string) string {
	u.t.Helper()
	command := exec.Command("git", append([]string{verb}, args...)...)
	command.Dir, command.Env, command.Stdin = u.dir, u.env, strings.NewReader(input)
	out, err := command.Output()
	if err != nil {
		u.t.Fatalf("git %s: %v", verb, err)
	}
	return strings.TrimSpace(string(out))
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
