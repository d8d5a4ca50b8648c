package git

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
)

// redacted is an error that shows no secret, and does not hand out the one below it.
type redacted struct {
	text  string
	cause error
}

func (r *redacted) Error() string { return r.text }

// Is answers for the hidden cause.
func (r *redacted) Is(target error) bool { return errors.Is(r.cause, target) }

// redact takes every secret, in each spelling that a protocol gives it, out of an error.
func redact(err error, secrets []string) error {
	if err == nil {
		return nil
	}
	text := userinfo.ReplaceAllString(err.Error(), "${1}")
	for _, value := range secrets {
		if value == "" {
			continue
		}
		for _, spelling := range []string{
			value, url.QueryEscape(value), url.PathEscape(value), base64.StdEncoding.EncodeToString([]byte(value)),
		} {
			text = strings.ReplaceAll(text, spelling, "[redacted]")
		}
	}
	return &redacted{text: text, cause: err}
}
