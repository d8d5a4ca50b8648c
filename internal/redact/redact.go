// Package redact takes secrets out of text that leaves this computer: those that are
// known, and all that looks like one.
package redact

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
)

// Mark stands where a secret was.
const Mark = "<redacted>"

// value is what a name has: in quotes, or up to the next blank or comma.
const value = `(?:"[^"\n]*"|'[^'\n]*'|[^\s"',}\]]+)`

// shapes are what secrets look like; of each the parts in parentheses stay.
var shapes = []struct {
	form *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?s)(-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----).*?(-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|$)`), "$1" + Mark + "$2"},
	// A bootstrap token: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
	{regexp.MustCompile(`\b([a-z0-9]{6})\.[a-z0-9]{16}\b`), "$1." + Mark},
	// A JSON web token, such as that of a service account.
	{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*`), Mark},
	// The user of a URL, who may be a token, and the password, which may have a slash.
	{regexp.MustCompile(`://[^/\s@"']+@`), "://" + Mark + "@"},
	{regexp.MustCompile(`(://[^/\s:@"']+):[^\s@"']+@`), "$1:" + Mark + "@"},
	{regexp.MustCompile(`(?i)\b(authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|digest|token)\s+)?)[^\s"',]+`), "$1" + Mark},
	{regexp.MustCompile(`(?i)\b((?:set-)?cookie["']?\s*:\s*)[^\r\n]+`), "$1" + Mark},
	{regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`), Mark},
	// name: value, "name": "value", name=value and --name value.
	{regexp.MustCompile(`(?i)([a-z0-9_.-]*(?:password|passwd|passphrase|pwd|secret[_-]?(?:access[_-]?)?key|client[_-]?secret|private[_-]?key|certificate[_-]?key|` +
		`api[_-]?key|key-data)["']?(?:\s*[:=]\s*|\s+))` + value), "$1" + Mark},
	{regexp.MustCompile(`(?i)(["']?[a-z0-9_.-]*token["']?\s*[:=]\s*)` + value), "$1" + Mark},
	{regexp.MustCompile(`(?i)(--[a-z0-9-]*token\s+)` + value), "$1" + Mark},
	{regexp.MustCompile(`(?i)("auth"\s*:\s*)` + value), "$1" + Mark},
}

// Redactor takes out secrets. The zero value knows only what they look like.
type Redactor struct{ known [][]byte }

// shortest is the length from which a known secret is looked for: a shorter one is
// in too many words.
const shortest = 8

// Know adds a secret that is taken out wherever it is, also as base64. Of a text of
// several lines each line counts.
func (r *Redactor) Know(secret string) {
	for _, line := range append(strings.Split(secret, "\n"), secret) {
		line = strings.TrimSpace(line)
		if len(line) < shortest || strings.HasPrefix(line, "-----") {
			continue
		}
		r.known = append(r.known, []byte(line), []byte(base64.StdEncoding.EncodeToString([]byte(line))))
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(secret))
	if len(secret) >= shortest {
		r.known = append(r.known, []byte(encoded))
	}
	// The longest first: a part of a secret must not hide the rest from it.
	slices.SortFunc(r.known, func(a, b []byte) int { return len(b) - len(a) })
	r.known = slices.CompactFunc(r.known, bytes.Equal)
}

// Text returns the text without secrets.
func (r *Redactor) Text(text []byte) []byte {
	for _, secret := range r.known {
		text = bytes.ReplaceAll(text, secret, []byte(Mark))
	}
	for _, s := range shapes {
		text = s.form.ReplaceAll(text, []byte(s.with))
	}
	return text
}
