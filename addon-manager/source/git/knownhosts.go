package git

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // It is what OpenSSH hashes host names with.
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// knownHosts are the lines of a known_hosts file. The library reads files only,
// and the pod's file system is read-only.
type knownHosts []knownHost

type knownHost struct {
	marker   string
	patterns []string
	key      ssh.PublicKey
}

func parseKnownHosts(keys secret) (knownHosts, error) {
	var hosts knownHosts
	for rest := bytes.TrimSpace(keys.data["known_hosts"]); len(rest) > 0; {
		marker, patterns, key, _, next, err := ssh.ParseKnownHosts(rest)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: behind its first %d keys: %w", keys.key("known_hosts"), len(hosts), err)
		}
		hosts = append(hosts, knownHost{marker, patterns, key})
		rest = next
	}
	if len(hosts) == 0 {
		return nil, fmt.Errorf("%s: it is missing; an ssh server is never trusted on first use, so add the host's line, such as `ssh-keyscan HOST` prints", keys.key("known_hosts"))
	}
	return hosts, nil
}

// algorithms are what to ask the server for: the kinds of key that are known
// of it. Otherwise it would show another one, and look like an impostor.
func (hosts knownHosts) algorithms(address string) []string {
	var algorithms []string
	for _, host := range hosts {
		if host.marker == "revoked" || !host.matches(address) {
			continue
		}
		switch kind := host.key.Type(); {
		case host.marker == "cert-authority":
			algorithms = append(algorithms, ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01,
				ssh.CertAlgoECDSA521v01, ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01)
		case kind == ssh.KeyAlgoRSA:
			algorithms = append(algorithms, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		default:
			algorithms = append(algorithms, kind)
		}
	}
	slices.Sort(algorithms)
	return slices.Compact(algorithms)
}

func (hosts knownHosts) check(keys secret) ssh.HostKeyCallback {
	is := func(marker, address string, key ssh.PublicKey) bool {
		return slices.ContainsFunc(hosts, func(host knownHost) bool {
			return host.marker == marker && (marker == "revoked" || host.matches(address)) && bytes.Equal(host.key.Marshal(), key.Marshal())
		})
	}
	certificates := &ssh.CertChecker{
		IsHostAuthority: func(key ssh.PublicKey, address string) bool {
			return is("cert-authority", address, key) && !is("revoked", address, key)
		},
		HostKeyFallback: func(address string, _ net.Addr, key ssh.PublicKey) error {
			if !is("", address, key) {
				return fmt.Errorf("the host key of %s is %s %s, which is not in %s; if its owner changed it, replace the line; if not, somebody is in between",
					address, key.Type(), ssh.FingerprintSHA256(key), keys.key("known_hosts"))
			}
			return nil
		},
	}
	return func(address string, remote net.Addr, key ssh.PublicKey) error {
		if is("revoked", address, key) {
			return fmt.Errorf("the host key %s of %s is revoked in %s", ssh.FingerprintSHA256(key), address, keys.key("known_hosts"))
		}
		return certificates.CheckHostKey(address, remote, key)
	}
}

func (h knownHost) matches(address string) bool {
	name := strings.ToLower(knownhosts.Normalize(address))
	found := false
	for _, pattern := range h.patterns {
		negated := strings.HasPrefix(pattern, "!")
		if !matchHost(strings.TrimPrefix(pattern, "!"), name) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

func matchHost(pattern, name string) bool {
	if rest, hashed := strings.CutPrefix(pattern, "|1|"); hashed {
		salt, sum, _ := strings.Cut(rest, "|")
		key, err := base64.StdEncoding.DecodeString(salt)
		want, err2 := base64.StdEncoding.DecodeString(sum)
		mac := hmac.New(sha1.New, key)
		mac.Write([]byte(name))
		return err == nil && err2 == nil && hmac.Equal(mac.Sum(nil), want)
	}
	return wildcard(strings.ToLower(pattern), name)
}

// wildcard matches * and ? as ssh_config(5) has them; a bracket is a bracket.
func wildcard(pattern, name string) bool {
	star, retry := -1, 0
	p := 0
	for n := 0; n < len(name); {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, retry = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			retry++
			p, n = star+1, retry
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
