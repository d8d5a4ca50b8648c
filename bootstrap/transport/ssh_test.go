package transport

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"

	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// world is a server, the key it lets in, and a pool that has that key's file.
type world struct {
	*server
	host, user ssh.Signer
	identity   string
	options    Options
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{}
	w.host, _ = newKey(t, "")
	w.user, w.identity = newKey(t, "")
	w.server = serve(t, w.host, w.user.PublicKey())
	dir := t.TempDir()
	w.options = Options{
		Dir: filepath.Dir(w.identity), KnownHosts: filepath.Join(dir, "known_hosts"), Logs: filepath.Join(dir, "logs"),
		Unknown: AcceptUnknown, Patience: 2 * time.Second,
	}
	return w
}

// entry is the server's machine, with the key that it lets in.
func (w *world) entry(edit func(*machines.SSH)) machines.Machine {
	return w.machine(func(s *machines.SSH) {
		s.IdentityFile = "id"
		if edit != nil {
			edit(s)
		}
	})
}

func (w *world) open(t *testing.T, m machines.Machine) (Transport, error) {
	t.Helper()
	pool := NewPool(w.options)
	t.Cleanup(func() { _ = pool.Close() })
	return pool.Open(context.Background(), m)
}

func TestAScriptRunsWithItsStdin(t *testing.T) {
	w := newWorld(t)
	machine, err := w.open(t, w.entry(nil))
	must(t, err)
	stdin := "secret\nwith 'quotes' and a \x00 byte, " + strings.Repeat("long", 100_000)
	out, err := machine.Run(context.Background(), "# take it all\ncat; echo \"$0 'quoted'\" >&2", strings.NewReader(stdin))
	must(t, err)
	if out != stdin {
		t.Errorf("%d bytes came back, want the %d that were sent", len(out), len(stdin))
	}
	for _, command := range w.ran() {
		if strings.Contains(command, "secret") || strings.Contains(command, "cat") {
			t.Errorf("the server's process list shows %q", command)
		}
	}
	log, err := os.ReadFile(filepath.Join(w.options.Logs, "m0.log"))
	must(t, err)
	for _, line := range []string{" run take it all\n", " err sh 'quoted'\n", " end take it all: done after "} {
		if !strings.Contains(string(log), line) {
			t.Errorf("the log lacks %q:\n%s", line, log)
		}
	}
	if strings.Contains(string(log), "secret") {
		t.Error("the log holds what was on stdin")
	}
	info, err := os.Stat(filepath.Join(w.options.Logs, "m0.log"))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the log has mode %o, want 600", info.Mode().Perm())
	}
}

func TestAScriptThatFailsSaysHow(t *testing.T) {
	w := newWorld(t)
	machine, err := w.open(t, w.entry(nil))
	must(t, err)
	_, err = machine.Run(context.Background(), "echo why >&2; exit 10", nil)
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Code != 10 || exit.Stderr != "why" || exit.Machine != "m0" {
		t.Errorf("%#v", err)
	}
	if IsGone(err) {
		t.Error("a script that failed says nothing of the machine")
	}
}

func TestInputThatAScriptDoesNotReadIsNoError(t *testing.T) {
	w := newWorld(t)
	machine, err := w.open(t, w.entry(nil))
	must(t, err)
	out, err := machine.Run(context.Background(), "echo enough", strings.NewReader(strings.Repeat("more", 1<<20)))
	if err != nil || out != "enough\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestOneConnectionServesAllScripts(t *testing.T) {
	w := newWorld(t)
	pool := NewPool(w.options)
	defer pool.Close()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			machine, err := pool.Open(context.Background(), w.entry(nil))
			if err == nil {
				_, err = machine.Run(context.Background(), "true", nil)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if _, logins := w.counts(); logins != 1 {
		t.Errorf("%d connections, want 1", logins)
	}
}

func TestAConnectionThatWasCutIsMadeAnew(t *testing.T) {
	w := newWorld(t)
	machine, err := w.open(t, w.entry(nil))
	must(t, err)
	go func() {
		for len(w.ran()) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		w.hangUp()
	}()
	_, err = machine.Run(context.Background(), "sleep 20", nil)
	wants(t, err, "run on machine m0: the connection was lost")
	if IsGone(err) {
		t.Error("the machine may come back")
	}
	if _, err = machine.Run(context.Background(), "true", nil); err != nil {
		t.Errorf("after it came back: %v", err)
	}
}

func TestAHostThatBootsIsWaitedFor(t *testing.T) {
	w := newWorld(t)
	address := w.listener.Addr().String()
	must(t, w.listener.Close())
	time.AfterFunc(700*time.Millisecond, func() {
		if listener, err := net.Listen("tcp", address); err == nil {
			serveOn(t, listener, w.host, w.user.PublicKey())
		}
	})
	if _, err := w.open(t, w.entry(nil)); err != nil {
		t.Error(err)
	}
}

func TestAHostThatDoesNotAnswerIsGivenUp(t *testing.T) {
	w := newWorld(t)
	must(t, w.listener.Close())
	w.options.Patience = 500 * time.Millisecond
	_, err := w.open(t, w.entry(nil))
	wants(t, err, "reach machine m0", "timed out after 500ms waiting for SSH on root@127.0.0.1", "connection refused")
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(ui.HintOf(err), "firewall") {
		t.Errorf("%v, hint %q", err, ui.HintOf(err))
	}
}

func TestAnInterruptEndsAScript(t *testing.T) {
	w := newWorld(t)
	machine, err := w.open(t, w.entry(nil))
	must(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err = machine.Run(ctx, "sleep 20", nil)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
	if _, err := machine.Run(context.Background(), "true", nil); err != nil {
		t.Errorf("the connection is of no use any more: %v", err)
	}
}

func TestAWrongKeyIsNotTriedAgain(t *testing.T) {
	w := newWorld(t)
	_, path := newKey(t, "")
	start := time.Now()
	_, err := w.open(t, w.entry(func(s *machines.SSH) { s.IdentityFile, s.User = path, "deploy" }))
	wants(t, err, "reach machine m0", "deploy@127.0.0.1", "takes none of our keys", path)
	if !IsGone(err) || time.Since(start) > time.Second || !strings.Contains(ui.HintOf(err), "ssh-copy-id") {
		t.Errorf("gone %v after %s, hint %q", IsGone(err), time.Since(start), ui.HintOf(err))
	}
}

func TestAYoungHostIsGivenTimeToLearnTheKey(t *testing.T) {
	w := newWorld(t)
	_, path := newKey(t, "")
	w.options.Young, w.options.Patience = true, 600*time.Millisecond
	_, err := w.open(t, w.entry(func(s *machines.SSH) { s.IdentityFile = path }))
	wants(t, err, "timed out after", "takes none of our keys")
	if tries, _ := w.counts(); tries < 2 {
		t.Error("it was tried only once")
	}
}

func TestAKeyWithAPassphrase(t *testing.T) {
	w := newWorld(t)
	locked, path := newKey(t, "correct horse")
	w.server = serve(t, w.host, locked.PublicKey())
	m := w.entry(func(s *machines.SSH) { s.IdentityFile = path })

	_, err := w.open(t, m)
	wants(t, err, "has a passphrase, and nobody can be asked")
	if !IsGone(err) || !strings.Contains(ui.HintOf(err), "ssh-add "+path) {
		t.Errorf("hint %q", ui.HintOf(err))
	}
	answers := []string{"wrong", "correct horse"}
	w.options.Secret = func(_ context.Context, question string) (string, error) {
		if !strings.Contains(question, path) {
			t.Errorf("asked %q", question)
		}
		answer := answers[0]
		answers = answers[1:]
		return answer, nil
	}
	_, err = w.open(t, m)
	must(t, err)
	w.options.Secret = nil
	w.options.Agent = serveAgent(t, path, "correct horse")
	_, err = w.open(t, m)
	must(t, err)
}

func TestTheAgentsKeysAreUsedWhereNoneIsNamed(t *testing.T) {
	w := newWorld(t)
	m := w.machine(nil)
	_, err := w.open(t, m)
	wants(t, err, "there is no key to log in to root@127.0.0.1")
	w.options.Agent = serveAgent(t, w.identity, "")
	_, err = w.open(t, m)
	must(t, err)
	w.options.Agent, w.options.Identities = "", []string{"/nowhere", w.identity}
	_, err = w.open(t, m)
	must(t, err)
}

func serveAgent(t *testing.T, path, passphrase string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	key, err := ssh.ParseRawPrivateKey(data)
	if passphrase != "" {
		key, err = ssh.ParseRawPrivateKeyWithPassphrase(data, []byte(passphrase))
	}
	must(t, err)
	ring := agent.NewKeyring()
	must(t, ring.Add(agent.AddedKey{PrivateKey: key}))
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, conn) }()
		}
	}()
	return socket
}

func TestAJumpHostIsSharedAndCheckedToo(t *testing.T) {
	w := newWorld(t)
	jumpHost, _ := newKey(t, "")
	jump := serve(t, jumpHost, w.user.PublicKey())
	pool := NewPool(w.options)
	defer pool.Close()
	for _, name := range []string{"a", "b"} {
		m := w.entry(func(s *machines.SSH) { s.Jump = &machines.Jump{Host: "127.0.0.1", Port: jump.port()} })
		m.Name = name
		machine, err := pool.Open(context.Background(), m)
		must(t, err)
		_, err = machine.Run(context.Background(), "true", nil)
		must(t, err)
	}
	if _, logins := jump.counts(); logins != 1 {
		t.Errorf("%d connections to the jump host, want 1", logins)
	}
	_, err := w.open(t, w.entry(func(s *machines.SSH) {
		s.Jump = &machines.Jump{Host: "127.0.0.1", Port: jump.port(), HostKey: ssh.FingerprintSHA256(w.host.PublicKey())}
	}))
	wants(t, err, "through root@127.0.0.1", "is not the one in the machines file")
}

func TestAHostBehindAJumpHostThatDoesNotAnswerIsGivenUp(t *testing.T) {
	w := newWorld(t)
	jump := serve(t, w.host, w.user.PublicKey())
	must(t, w.listener.Close())
	w.options.Patience = 400 * time.Millisecond
	_, err := w.open(t, w.entry(func(s *machines.SSH) { s.Jump = &machines.Jump{Host: "127.0.0.1", Port: jump.port()} }))
	wants(t, err, "timed out", "through root@127.0.0.1")
}

func TestHostKeys(t *testing.T) {
	w := newWorld(t)
	address := w.listener.Addr().String()
	right := describe(w.host.PublicKey())
	other, _ := newKey(t, "")

	// Unknown, and nobody to ask.
	w.options.Unknown = AskUnknown
	_, err := w.open(t, w.entry(nil))
	wants(t, err, "the host key of "+address+" is not known", right)
	if !IsGone(err) || !strings.Contains(ui.HintOf(err), "--accept-host-keys") || !strings.Contains(ui.HintOf(err), "hostKey") {
		t.Errorf("hint %q", ui.HintOf(err))
	}
	// A no is not remembered, a yes is.
	asked := 0
	answer := ui.ErrDeclined
	w.options.Confirm = func(_ context.Context, question string) error {
		asked++
		if !strings.Contains(question, right) || !strings.Contains(question, address) {
			t.Errorf("asked %q", question)
		}
		return answer
	}
	_, err = w.open(t, w.entry(nil))
	wants(t, err, "not known", "not confirmed")
	answer = nil
	_, err = w.open(t, w.entry(nil))
	must(t, err)
	_, err = w.open(t, w.entry(nil))
	must(t, err)
	if asked != 2 {
		t.Errorf("asked %d times, want 2", asked)
	}
	// Changed: nothing helps, not even accepting what is new.
	must(t, os.WriteFile(w.options.KnownHosts, []byte("# ours\n"+knownhosts.Line([]string{address}, other.PublicKey())+"\n"), 0o600))
	w.options.Unknown = AcceptUnknown
	_, err = w.open(t, w.entry(nil))
	wants(t, err, "the host key of "+address+" has changed", right, describe(other.PublicKey()), w.options.KnownHosts+":2")
	if !IsGone(err) {
		t.Error("a changed key is not cured by waiting")
	}
	// The fingerprint of the machines file wins over the file.
	_, err = w.open(t, w.entry(func(s *machines.SSH) { s.HostKey = ssh.FingerprintSHA256(w.host.PublicKey()) }))
	must(t, err)
	_, err = w.open(t, w.entry(func(s *machines.SSH) { s.HostKey = ssh.FingerprintSHA256(other.PublicKey()) }))
	wants(t, err, "is not the one in the machines file", right, ssh.FingerprintSHA256(other.PublicKey()))
	// Forgotten, and met anew.
	must(t, Forget(w.options.KnownHosts, w.entry(nil)))
	_, err = w.open(t, w.entry(nil))
	must(t, err)
	// The user's own file counts, too.
	w.options.Unknown, w.options.Confirm = AskUnknown, nil
	w.options.OtherKnownHosts = []string{w.options.KnownHosts}
	w.options.KnownHosts = filepath.Join(t.TempDir(), "none")
	_, err = w.open(t, w.entry(nil))
	must(t, err)
	// Revoked.
	must(t, os.WriteFile(w.options.KnownHosts, []byte("@revoked * "+string(ssh.MarshalAuthorizedKey(w.host.PublicKey()))), 0o600))
	_, err = w.open(t, w.entry(nil))
	wants(t, err, "is revoked in "+w.options.KnownHosts+":1")
}

func TestAHostWithKeysOfSeveralKindsIsAskedForTheKnownOne(t *testing.T) {
	w := newWorld(t)
	ecdsa := newECDSA(t)
	w.mu.Lock()
	w.config.AddHostKey(ecdsa)
	w.mu.Unlock()
	for _, host := range []ssh.Signer{w.host, ecdsa} {
		m := w.entry(func(s *machines.SSH) { s.HostKey = ssh.FingerprintSHA256(host.PublicKey()) })
		if _, err := w.open(t, m); err != nil {
			t.Errorf("pinned to %s: %v", host.PublicKey().Type(), err)
		}
		must(t, os.WriteFile(w.options.KnownHosts, []byte(knownhosts.Line([]string{w.listener.Addr().String()}, host.PublicKey())+"\n"), 0o600))
		if _, err := w.open(t, w.entry(nil)); err != nil {
			t.Errorf("known by %s: %v", host.PublicKey().Type(), err)
		}
	}
}
