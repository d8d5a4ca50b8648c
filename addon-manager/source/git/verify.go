package git

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// namespace is what SSH signatures of git are made for.
const namespace = "git"

// verify accepts a commit that is signed by a signer, or that the signed tag which is followed names.
func (s *signers) verify(c *commit, followed string) error {
	err := s.check(c.signed, c.when)
	if err == nil {
		return nil
	}
	if c.tag == nil {
		return fmt.Errorf("commit %s is not followed: %w", c.hash, err)
	}
	tagErr := s.check(c.tag.signed, c.tag.when)
	// A signed tag under another name is one that was meant for something else.
	if tagErr == nil && c.tag.name != followed {
		tagErr = fmt.Errorf("it was signed as tag %s", c.tag.name)
	}
	if tagErr == nil {
		return nil
	}
	return fmt.Errorf("commit %s is not followed: %w; nor does tag %s vouch for it: %w", c.hash, err, followed, tagErr)
}

func (s *signers) check(what signed, when time.Time) error {
	switch {
	case what.fault != nil:
		return what.fault
	case len(what.signature) == 0:
		return errors.New("it is not signed; sign it (`git commit -S`), or set spec.git.verify to false")
	case bytes.HasPrefix(what.signature, []byte("-----BEGIN SSH SIGNATURE-----")):
		return s.checkSSH(what, when)
	case bytes.HasPrefix(what.signature, []byte("-----BEGIN PGP SIGNATURE-----")):
		return s.checkOpenPGP(what)
	}
	return errors.New("its signature is neither an SSH nor an OpenPGP one")
}

func (s *signers) checkSSH(what signed, when time.Time) error {
	signature, err := sshsig.Unarmor(what.signature)
	if err != nil {
		return fmt.Errorf("its SSH signature cannot be read: %w", err)
	}
	fingerprint := ssh.FingerprintSHA256(signature.PublicKey)
	late := ""
	for _, signer := range s.ssh {
		if !bytes.Equal(signer.key.Marshal(), signature.PublicKey.Marshal()) {
			continue
		}
		if !signer.after.IsZero() && when.Before(signer.after) || !signer.before.IsZero() && !when.Before(signer.before) {
			late = signer.who
			continue
		}
		if err := sshsig.Verify(bytes.NewReader(what.payload), signature, signer.key, signature.HashAlgorithm, namespace); err != nil {
			return fmt.Errorf("its SSH signature by %s (%s) does not match the content: %w", signer.who, fingerprint, err)
		}
		return nil
	}
	if late != "" {
		return fmt.Errorf("its signer %s (%s) is not valid at %s, when it was made, by %s", late, fingerprint, when.UTC().Format(time.RFC3339), s.where)
	}
	return fmt.Errorf("its signer, SSH key %s, is not in %s", fingerprint, s.where)
}

func (s *signers) checkOpenPGP(what signed) error {
	_, err := openpgp.CheckArmoredDetachedSignature(s.openpgp, bytes.NewReader(what.payload), bytes.NewReader(what.signature), nil)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return fmt.Errorf("its OpenPGP signer is not in %s", s.where)
	}
	return fmt.Errorf("its OpenPGP signature does not count: %w", err)
}
