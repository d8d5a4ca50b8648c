package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// hostKeys knows by which key a host proves that it is the right one.
type hostKeys struct {
	options Options
	mu      sync.Mutex // held by whoever asks, or writes the file
}

// keyKinds are the kinds of host key, the best first, and the algorithms of each.
func keyKinds() [][]string {
	return [][]string{
		{ssh.KeyAlgoED25519},
		{ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521},
		{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256},
	}
}

// expectation is what a host's key has to be in one handshake.
type expectation struct {
	to endpoint
	// fingerprint is the only one that will do. A host has a key of each kind and
	// shows one that we ask for, so kinds are asked for until it is found.
	fingerprint string
	kinds       [][]string
	shown       []string
	// known_hosts: its judgement, the keys it has of the host, and whether it has
	// authorities that sign keys.
	judge       ssh.HostKeyCallback
	known       []knownhosts.KnownKey
	authorities bool
	// refused is why the last key was.
	refused error
}

// unknownHost is one that nobody has seen before.
type unknownHost struct {
	to  endpoint
	key ssh.PublicKey
}

func (u *unknownHost) Error() string {
	return fmt.Sprintf("the host key of %s is not known: it shows %s", u.to.address(), describe(u.key))
}

func describe(key ssh.PublicKey) string { return key.Type() + " " + ssh.FingerprintSHA256(key) }

// expect reads what is known of a host.
func (h *hostKeys) expect(to endpoint) (*expectation, error) {
	e := &expectation{to: to, fingerprint: to.hostKey, kinds: keyKinds()}
	if e.fingerprint != "" {
		return e, nil
	}
	var files []string
	for _, path := range append([]string{h.options.KnownHosts}, h.options.OtherKnownHosts...) {
		if data, err := os.ReadFile(path); err == nil {
			files = append(files, path)
			e.authorities = e.authorities || bytes.Contains(data, []byte("@cert-authority"))
		}
	}
	var err error
	if e.judge, err = knownhosts.New(files...); err != nil {
		return nil, ui.Hint(fmt.Errorf("read known hosts: %w", err), "mend the line or remove it")
	}
	var nothing *knownhosts.KeyError
	if errors.As(e.judge(to.address(), &net.TCPAddr{}, noKey{}), &nothing) {
		e.known = nothing.Want
	}
	return e, nil
}

// noKey is no host's: known_hosts answers it with the keys it has.
type noKey struct{ ssh.PublicKey }

func (noKey) Type() string    { return "none" }
func (noKey) Marshal() []byte { return nil }

// algorithms are what to ask the host for: a key of another kind than the known
// one would look like an impostor's. nil leaves it to the library.
func (e *expectation) algorithms() []string {
	switch {
	case e.fingerprint != "":
		return e.kinds[0]
	case len(e.known) > 0:
		var list []string
		for _, k := range e.known {
			kind := k.Key.Type()
			if kind == ssh.KeyAlgoRSA {
				list = append(list, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
				continue
			}
			list = append(list, kind)
		}
		return list
	case e.authorities:
		return nil
	}
	return slices.Concat(keyKinds()...)
}

// check is the library's question whether a key will do.
func (e *expectation) check(address string, remote net.Addr, key ssh.PublicKey) error {
	e.refused = e.refuse(address, remote, key)
	return e.refused
}

func (e *expectation) refuse(address string, remote net.Addr, key ssh.PublicKey) error {
	if e.fingerprint != "" {
		if ssh.FingerprintSHA256(key) == e.fingerprint {
			return nil
		}
		e.shown = append(e.shown, describe(key))
		return errOtherKey
	}
	err := e.judge(address, remote, key)
	var other *knownhosts.KeyError
	var revoked *knownhosts.RevokedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &revoked):
		return ui.Hint(fmt.Errorf("the host key of %s, %s, is revoked in %s:%d", e.to.address(), describe(key), revoked.Revoked.Filename, revoked.Revoked.Line),
			"the host needs a new key; nothing was sent to it")
	case errors.As(err, &other) && len(other.Want) == 0:
		return &unknownHost{e.to, key}
	case errors.As(err, &other):
		e.shown = append(e.shown, describe(key))
		return errOtherKey
	}
	return fmt.Errorf("check the host key of %s: %w", e.to.address(), err)
}

// errOtherKey is a host that proves to be another than the known one.
var errOtherKey = errors.New("the host key is another")

// next tells whether the host may have yet another key to show, after err.
func (e *expectation) next(err error) bool {
	if e.fingerprint == "" || len(e.kinds) < 2 || !e.otherKind(err) {
		return false
	}
	e.kinds, e.refused = e.kinds[1:], nil
	return true
}

// otherKind tells whether the host has shown, or has only, other keys.
func (e *expectation) otherKind(err error) bool {
	var none *ssh.AlgorithmNegotiationError
	return errors.Is(err, errOtherKey) || errors.As(err, &none)
}

// explain says what a refused key means.
func (e *expectation) explain(err error) error {
	if !e.otherKind(err) || e.fingerprint == "" && len(e.known) == 0 {
		return err
	}
	shown := "no key of that kind"
	if len(e.shown) > 0 {
		shown = strings.Join(e.shown, ", ")
	}
	if e.fingerprint != "" {
		return ui.Hint(fmt.Errorf("the host key of %s is not the one in the machines file: it shows %s, and hostKey is %s", e.to.address(), shown, e.fingerprint),
			"if the host was installed anew, put its new fingerprint into the machines file; if not, somebody is in between. Nothing was sent to it")
	}
	first := e.known[0]
	return ui.Hint(fmt.Errorf("the host key of %s has changed: it shows %s, and %s:%d says %s", e.to.address(), shown, first.Filename, first.Line, describe(first.Key)),
		"if the host was installed anew, remove that line; if not, somebody is in between. Nothing was sent to it")
}

// introduce decides about an unknown host, and remembers it.
func (h *hostKeys) introduce(ctx context.Context, u *unknownHost) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	// The one before may have been about the same host.
	if e, err := h.expect(u.to); err != nil || len(e.known) > 0 {
		return err
	}
	switch {
	case h.options.Unknown == AcceptUnknown:
	case h.options.Confirm == nil:
		return ui.Hint(u, "compare it with what `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints there, then write its fingerprint as hostKey into the machines file, "+
			"or run `kubectl turnup machines check` on a terminal, which asks; --accept-host-keys takes every new key")
	default:
		question := fmt.Sprintf("%s is met for the first time. Is %s its host key?", u.to.address(), describe(u.key))
		if err := h.options.Confirm(ctx, question); err != nil {
			return fmt.Errorf("%w: %w", u, err)
		}
	}
	return remember(h.options.KnownHosts, u)
}

func remember(path string, u *unknownHost) error {
	if path == "" {
		return fmt.Errorf("%w, and there is no file to remember it in", u)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("remember host key: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("remember host key: %w", err)
	}
	_, err = file.WriteString(knownhosts.Line([]string{u.to.address()}, u.key) + "\n")
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("remember host key: %w", err)
	}
	return nil
}

// Forget removes from a known_hosts file what was remembered of a host: the
// machine there has been replaced, by us. A file that is not there knows nothing.
// A machine that is not reached by SSH has no host key.
func Forget(path string, m machines.Machine) error {
	if m.Transport.SSH == nil {
		return nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("forget host key: %w", err)
	}
	name := knownhosts.Normalize(routeTo(m).target.address())
	var kept strings.Builder
	for line := range strings.Lines(string(data)) {
		if first, _, _ := strings.Cut(line, " "); first != name {
			kept.WriteString(line)
		}
	}
	if kept.Len() == len(data) {
		return nil
	}
	if err := os.WriteFile(path, []byte(kept.String()), 0o600); err != nil {
		return fmt.Errorf("forget host key: %w", err)
	}
	return nil
}
