package pki

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"time"
)

// TokenLifetime is how long a bootstrap token lets new workers join.
const TokenLifetime = 24 * time.Hour

// tokenRenew is the least time a token must be good for when machines are
// rendered with it; one with less left is replaced.
const tokenRenew = time.Hour

// Token is a bootstrap token: what a worker proves itself with once, before it
// has a certificate. https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
type Token struct {
	ID      string    `json:"id"`     // 6 of [a-z0-9]; public
	Secret  string    `json:"secret"` // 16 of [a-z0-9]
	Expires time.Time `json:"expires"`
}

var tokenShape = regexp.MustCompile(`^[a-z0-9]{6}\.[a-z0-9]{16}$`)

// Valid reports whether the token has the right shape.
func (t Token) Valid() bool { return tokenShape.MatchString(t.Reveal()) }

// Reveal returns the token in full, "id.secret". Never log it.
func (t Token) Reveal() string { return t.ID + "." + t.Secret }

// String keeps the secret out of logs and error messages.
func (t Token) String() string { return t.ID + ".***" }

// NewToken draws a token that expires TokenLifetime from now.
func NewToken(now time.Time) (Token, error) {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	text := make([]byte, 22)
	for i := range text {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return Token{}, fmt.Errorf("draw bootstrap token: %w", err)
		}
		text[i] = alphabet[n.Int64()]
	}
	expires := now.Add(TokenLifetime).UTC().Truncate(time.Second)
	return Token{ID: string(text[:6]), Secret: string(text[6:]), Expires: expires}, nil
}

func (s *store) token() Token {
	var token Token
	if data := s.read(tokenFile); data != nil {
		if err := json.Unmarshal(data, &token); err != nil || !token.Valid() {
			s.fail(fmt.Errorf("%s is not a bootstrap token; delete it and run again for a new one", s.path(tokenFile)))
			return Token{}
		}
		if s.now.Add(tokenRenew).Before(token.Expires) {
			return token
		}
	}
	return s.newToken()
}

const tokenFile = "bootstrap-token.json"

func (s *store) newToken() Token {
	token, err := NewToken(s.now)
	if err != nil {
		s.fail(err)
		return Token{}
	}
	data, err := json.Marshal(token)
	if err != nil {
		s.fail(fmt.Errorf("encode bootstrap token: %w", err))
		return Token{}
	}
	s.write(tokenFile, append(data, '\n'), 0o600)
	return token
}

// RotateToken puts a new token into a key directory, whatever is left of the old
// one's time. The API server knows neither before they are applied.
func RotateToken(dir string, now time.Time) (Token, error) {
	s := store{dir: dir, now: now}
	token := s.newToken()
	return token, s.err
}
