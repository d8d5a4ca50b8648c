package git

import (
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"golang.org/x/crypto/ssh"
)

// signers are those whose signatures count.
type signers struct {
	openpgp openpgp.EntityList
	ssh     []sshSigner
	// where names them in messages.
	where string
}

// sshSigner is one line of an allowed-signers file, or a bare public key.
type sshSigner struct {
	who           string
	key           ssh.PublicKey
	after, before time.Time
}

const (
	beginKey = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
	endKey   = "-----END PGP PUBLIC KEY BLOCK-----"
)

// parseSigners reads both kinds from one text: armored OpenPGP blocks, and lines for SSH.
func parseSigners(keys secret) (*signers, error) {
	s := &signers{where: keys.key("signers")}
	rest := string(keys.data["signers"])
	for {
		begin := strings.Index(rest, beginKey)
		if begin < 0 {
			break
		}
		size := strings.Index(rest[begin:], endKey)
		if size < 0 {
			return nil, fmt.Errorf("%s: an OpenPGP key has no end", s.where)
		}
		end := begin + size + len(endKey)
		entities, err := openpgp.ReadArmoredKeyRing(strings.NewReader(rest[begin:end] + "\n"))
		if err != nil {
			return nil, fmt.Errorf("%s: an OpenPGP key cannot be read: %w; export it with `gpg --armor --export`", s.where, err)
		}
		s.openpgp = append(s.openpgp, entities...)
		rest = rest[:begin] + "\n" + rest[end:]
	}
	if block, _ := pem.Decode([]byte(rest)); block != nil {
		return nil, fmt.Errorf("%s: it holds a %s; only public keys belong there", s.where, block.Type)
	}
	number := 0
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		number++
		signer, err := parseSigner(line)
		if err != nil {
			return nil, fmt.Errorf("%s: entry %d: %w", s.where, number, err)
		}
		if signer != nil {
			s.ssh = append(s.ssh, *signer)
		}
	}
	if len(s.openpgp)+len(s.ssh) == 0 {
		return nil, fmt.Errorf("%s: it has no keys, but spec.git.verify is true; add armored OpenPGP public keys, SSH public keys or allowed signers, one a line", s.where)
	}
	return s, nil
}

// parseSigner reads `[principals] [options] TYPE KEY [comment]`; nil is a key for other things than git.
func parseSigner(line string) (*sshSigner, error) {
	fields := words(line)
	at := slices.IndexFunc(fields, keyType)
	if at < 0 || at+1 >= len(fields) {
		return nil, errors.New("it is not an SSH public key (ssh-ed25519 AAAA...) or a line of allowed signers (NAME ssh-ed25519 AAAA...)")
	}
	key, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(strings.Join(fields[at:], " ")))
	if err != nil {
		return nil, fmt.Errorf("its SSH public key cannot be read: %w", err)
	}
	signer := &sshSigner{who: comment, key: key}
	if at == 0 {
		return signer, nil
	}
	signer.who = strings.Trim(fields[0], `"`)
	for _, option := range split(strings.Join(fields[1:at], ","), ',') {
		name, value, _ := strings.Cut(option, "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(name) {
		case "namespaces":
			if !slices.ContainsFunc(strings.Split(value, ","), func(pattern string) bool { return wildcard(pattern, namespace) }) {
				return nil, nil
			}
		case "valid-after":
			signer.after, err = moment(value)
		case "valid-before":
			signer.before, err = moment(value)
		case "cert-authority":
			err = errors.New("certificates are not supported here; list the signers' own keys")
		default:
			err = fmt.Errorf("option %q is not one of namespaces, valid-after and valid-before", name)
		}
		if err != nil {
			return nil, err
		}
	}
	return signer, nil
}

func keyType(word string) bool {
	switch word {
	case ssh.KeyAlgoRSA, ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
		return true
	}
	return false
}

// words splits at spaces outside of quotes.
func words(line string) []string {
	return split(strings.ReplaceAll(line, "\t", " "), ' ')
}

func split(text string, at rune) []string {
	quoted := false
	return strings.FieldsFunc(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == at && !quoted
	})
}

// moment reads a time as ssh-keygen(1) writes it: YYYYMMDD[HHMM[SS]], in UTC with a Z behind it.
func moment(text string) (time.Time, error) {
	digits, zone := text, time.Local
	if rest, utc := strings.CutSuffix(text, "Z"); utc {
		digits, zone = rest, time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(layout) == len(digits) {
			if t, err := time.ParseInLocation(layout, digits, zone); err == nil {
				return t, nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time such as 20261122 or 202611221300Z", text)
}
