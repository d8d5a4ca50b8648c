package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// login is how we prove to a server who we are, and what that is for a message.
type login struct {
	methods []ssh.AuthMethod
	offered string
}

// identities finds private keys: in files and in the SSH agent.
type identities struct {
	options Options
	mu      sync.Mutex
	files   map[string]ssh.Signer
	agent   agent.ExtendedAgent
	conn    net.Conn
}

// of returns the keys for an endpoint: its identity file, or else whatever the
// agent and the user's own files have.
func (i *identities) of(ctx context.Context, to endpoint) (login, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if to.identity != "" {
		path := i.path(to.identity)
		signer, err := i.file(ctx, path)
		if err != nil {
			return login{}, err
		}
		return login{[]ssh.AuthMethod{ssh.PublicKeys(signer)}, fmt.Sprintf("%s (%s)", path, describe(signer.PublicKey()))}, nil
	}
	signers, offered := i.own()
	if len(signers) == 0 {
		return login{}, ui.Hint(fmt.Errorf("there is no key to log in to %s with: the machines file names no identityFile, the SSH agent has none, and there is none in ~/.ssh that opens without a passphrase", to),
			"add identityFile to the machine's entry, or give the agent a key with `ssh-add`")
	}
	return login{[]ssh.AuthMethod{ssh.PublicKeys(signers...)}, strings.Join(offered, ", ")}, nil
}

func (i *identities) path(name string) string {
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(i.options.Dir, name)
}

func (i *identities) file(ctx context.Context, path string) (ssh.Signer, error) {
	if signer, ok := i.files[path]; ok {
		return signer, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, ui.Hint(fmt.Errorf("read identityFile: %w", err), "identityFile is the path of a private key, relative to the machines file")
	}
	signer, err := ssh.ParsePrivateKey(data)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		signer, err = i.unlock(ctx, path, data, locked.PublicKey)
	case err != nil:
		err = ui.Hint(fmt.Errorf("identityFile %s is not a private key in OpenSSH or PEM format", path),
			"`ssh-keygen -t ed25519 -f FILE` makes one; the file with .pub is the other half")
	}
	if err != nil {
		return nil, err
	}
	if i.files == nil {
		i.files = map[string]ssh.Signer{}
	}
	i.files[path] = signer
	return signer, nil
}

// unlock opens a key that has a passphrase: the agent may hold it open, or the
// user tells the passphrase.
func (i *identities) unlock(ctx context.Context, path string, data []byte, public ssh.PublicKey) (ssh.Signer, error) {
	for _, signer := range i.held() {
		if public != nil && string(signer.PublicKey().Marshal()) == string(public.Marshal()) {
			return signer, nil
		}
	}
	if i.options.Secret == nil {
		return nil, ui.Hint(fmt.Errorf("identityFile %s has a passphrase, and nobody can be asked for it", path),
			"`ssh-add %s` gives it to the SSH agent", path)
	}
	const tries = 3
	for range tries {
		passphrase, err := i.options.Secret(ctx, "Passphrase of "+path)
		if err != nil {
			return nil, fmt.Errorf("open identityFile %s: %w", path, err)
		}
		if signer, err := ssh.ParsePrivateKeyWithPassphrase(data, []byte(passphrase)); err == nil {
			return signer, nil
		}
	}
	return nil, fmt.Errorf("identityFile %s does not open with that passphrase", path)
}

// own are the keys of whoever runs this program.
func (i *identities) own() (signers []ssh.Signer, offered []string) {
	if held := i.held(); len(held) > 0 {
		signers = append(signers, held...)
		offered = append(offered, fmt.Sprintf("%d of the SSH agent", len(held)))
	}
	for _, path := range i.options.Identities {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if signer, err := ssh.ParsePrivateKey(data); err == nil {
			signers = append(signers, signer)
			offered = append(offered, path)
		}
	}
	return signers, offered
}

// held are the keys in the agent; none without one.
func (i *identities) held() []ssh.Signer {
	if i.options.Agent == "" {
		return nil
	}
	if i.agent == nil {
		conn, err := net.Dial("unix", i.options.Agent)
		if err != nil {
			return nil
		}
		i.conn, i.agent = conn, agent.NewClient(conn)
	}
	signers, err := i.agent.Signers()
	if err != nil {
		return nil
	}
	return signers
}

func (i *identities) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.conn != nil {
		_ = i.conn.Close() // nothing was written that could be lost
	}
}
