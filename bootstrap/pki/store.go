package pki

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// store reads and writes the directory. The first error sticks, and every later
// call does nothing: callers check once, at the end.
type store struct {
	dir string
	now time.Time
	// established: the directory is that of a cluster that may be running.
	established bool
	// preview: nothing is written.
	preview bool
	err     error
}

func (s *store) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func (s *store) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// read returns a file's content, nil if it does not exist.
func (s *store) read(name string) []byte {
	if s.err != nil {
		return nil
	}
	data, err := os.ReadFile(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		s.fail(fmt.Errorf("read key material: %w", err))
		return nil
	}
	return data
}

// write replaces a file at once: a crash leaves the old one or the new one.
func (s *store) write(name string, data []byte, mode fs.FileMode) {
	if s.err != nil || s.preview {
		return
	}
	path := s.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.fail(fmt.Errorf("make key directory: %w", err))
		return
	}
	temp := path + ".new"
	if err := os.WriteFile(temp, data, mode); err != nil {
		s.fail(fmt.Errorf("write key material: %w", err))
		return
	}
	if err := os.Rename(temp, path); err != nil {
		s.fail(fmt.Errorf("write key material: %w", err))
	}
}

// key loads or makes a private key.
func (s *store) key(name string) []byte {
	if data := s.read(name); data != nil {
		if _, err := parseKey(data); err != nil {
			s.fail(fmt.Errorf("%s: %w; restore it from a backup", s.path(name), err))
		}
		return data
	}
	if s.err != nil {
		return nil
	}
	data, err := newKey()
	if err != nil {
		s.fail(err)
		return nil
	}
	s.write(name, data, 0o600)
	return data
}

// authority loads or makes a CA. The key is written before the certificate, so
// after a crash the certificate alone is missing and is signed again.
func (s *store) authority(name, commonName string) Pair {
	cert := s.read(name + ".crt")
	if cert != nil && s.read(name+".key") == nil && s.err == nil {
		s.fail(fmt.Errorf("%s is there but its key %s is missing: restore the key, or delete the cluster and create it again",
			s.path(name+".crt"), s.path(name+".key")))
		return Pair{}
	}
	key := s.key(name + ".key")
	if s.err != nil {
		return Pair{}
	}
	if cert != nil {
		if _, err := parseCert(cert); err != nil {
			s.fail(fmt.Errorf("%s: %w; restore it from a backup", s.path(name+".crt"), err))
		}
		return Pair{Cert: cert, Key: key}
	}
	cert, err := newAuthority(commonName, key, s.now)
	if err != nil {
		s.fail(err)
		return Pair{}
	}
	s.write(name+".crt", cert, 0o644)
	return Pair{Cert: cert, Key: key}
}

// leaf loads a pair that still fits, or issues a new one.
func (s *store) leaf(ca Pair, name string, leaf Leaf) Pair {
	pair := Pair{Cert: s.read(name + ".crt"), Key: s.read(name + ".key")}
	if s.err != nil || ca.fits(pair, leaf, s.now) {
		return pair
	}
	pair, err := ca.Issue(leaf, s.now)
	if err != nil {
		s.fail(fmt.Errorf("issue %s: %w", name, err))
		return Pair{}
	}
	s.write(name+".key", pair.Key, 0o600)
	s.write(name+".crt", pair.Cert, 0o644)
	return pair
}

func (s *store) keyPair(name string) (private, public []byte) {
	s.require(name + ".key")
	private = s.key(name + ".key")
	if s.err != nil {
		return nil, nil
	}
	public, err := publicKey(private)
	if err != nil {
		s.fail(err)
		return nil, nil
	}
	return private, public
}

// require fails if a file is missing that an established cluster has.
func (s *store) require(name string) {
	if s.established && s.read(name) == nil && s.err == nil {
		s.fail(fmt.Errorf("%s is missing, and what the cluster wrote with it cannot be read without it: restore it from a backup, or delete the cluster and create it again", s.path(name)))
	}
}

// secret loads or makes a one-line secret.
func (s *store) secret(name string, make func() (string, error)) string {
	s.require(name)
	if data := s.read(name); data != nil {
		return strings.TrimSpace(string(data))
	}
	if s.err != nil {
		return ""
	}
	text, err := make()
	if err != nil {
		s.fail(err)
		return ""
	}
	s.write(name, []byte(text+"\n"), 0o600)
	return text
}
