package pki

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

// The kinds of SSH keys. Azure's machines take RSA for sure, ed25519 not in
// every region; everywhere else the shorter one will do.
const (
	Ed25519 = "ed25519"
	RSA     = "rsa"
)

// rsaBits is the size of an RSA key, what ssh-keygen takes by itself.
const rsaBits = 3072

// SSHKey is what turnup logs in to the machines of a cloud with.
type SSHKey struct {
	// Private is PEM in OpenSSH's own format.
	Private []byte
	// Public is one line as in authorized_keys, without its end.
	Public string
}

// sshKey loads or makes the files ssh and ssh.pub. The public one follows from
// the private one, and is only written for people and their ssh command.
func (s *store) sshKey(kind, cluster string) SSHKey {
	private := s.read("ssh")
	switch {
	case s.err != nil:
		return SSHKey{}
	case private == nil && s.read("ssh.pub") != nil:
		s.fail(fmt.Errorf("%s is there but its private key %s is missing: restore it from a backup, or remove the public one, too, for a new pair",
			s.path("ssh.pub"), s.path("ssh")))
		return SSHKey{}
	case private == nil:
		var err error
		if private, err = newSSHKey(kind, "turnup "+cluster); err != nil {
			s.fail(err)
			return SSHKey{}
		}
		s.write("ssh", private, 0o600)
	}
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		s.fail(fmt.Errorf("%s: %w; restore it from a backup", s.path("ssh"), err))
		return SSHKey{}
	}
	public := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey()))) + " turnup-" + cluster
	if line := public + "\n"; string(s.read("ssh.pub")) != line {
		s.write("ssh.pub", []byte(line), 0o644)
	}
	return SSHKey{Private: private, Public: public}
}

func newSSHKey(kind, comment string) ([]byte, error) {
	var (
		key crypto.PrivateKey
		err error
	)
	switch kind {
	case Ed25519:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case RSA:
		key, err = rsa.GenerateKey(rand.Reader, rsaBits)
	default:
		return nil, fmt.Errorf("generate SSH key: %q is neither %s nor %s", kind, Ed25519, RSA)
	}
	if err != nil {
		return nil, fmt.Errorf("generate SSH key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(key, comment)
	if err != nil {
		return nil, fmt.Errorf("encode SSH key: %w", err)
	}
	return pem.EncodeToMemory(block), nil
}
