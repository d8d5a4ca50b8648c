package git

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// explain adds to an error what can be done about it.
func (r *Repository) explain(ctx context.Context, err error) error {
	login := "the Secret that spec.git.secret names"
	if r.spec.Secret != "" {
		login = "Secret " + object.Namespace + "/" + r.spec.Secret
	}
	status := statusOf(err)
	var unknown x509.UnknownAuthorityError
	var certificate *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errSilent):
		return fmt.Errorf("%w for %s; is the network or a proxy in between?", err, r.budget)
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return fmt.Errorf("%w; push a first commit", transport.ErrEmptyRemoteRepository)
	case errors.Is(err, transport.ErrAuthenticationRequired):
		if r.loggedIn() {
			return fmt.Errorf("the server refuses the login (401); renew token, or username and password, in %s", login)
		}
		return fmt.Errorf("the server wants a login (401); put token, or username and password, into %s", login)
	case errors.Is(err, transport.ErrAuthorizationFailed):
		return fmt.Errorf("the server forbids it (403); give the account behind %s the right to read the repository", login)
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return fmt.Errorf("the server has no such repository, or shows it to others only; check spec.git.url, and %s", login)
	case status == http.StatusProxyAuthRequired:
		return errors.New("the proxy wants a login (407); write it into spec.git.proxy")
	case status != 0:
		return fmt.Errorf("the server answers %d %s", status, http.StatusText(status))
	case errors.As(err, &unknown), errors.As(err, &certificate):
		return fmt.Errorf("%w; if the server's certificate is your own, put its CA into key ca.crt of %s", bare(err), login)
	case strings.Contains(err.Error(), "ssh: unable to authenticate"):
		return fmt.Errorf("the server does not accept the key; add the public half of identity in %s to the repository's deploy keys: %w", login, err)
	case errors.Is(err, errTooBig):
		return fmt.Errorf("%w; keep the addons in a repository of their own", err)
	}
	return bare(err)
}

func (r *Repository) loggedIn() bool {
	remote, ok := r.remote.(*httpRemote)
	return ok && remote.login != nil
}

// statusOf finds the HTTP status in an error of go-git, which hides it.
func statusOf(err error) int {
	var unexpected *plumbing.UnexpectedError
	var answer *githttp.Err
	if errors.As(err, &unexpected) {
		err = unexpected.Err
	}
	if errors.As(err, &answer) {
		return answer.StatusCode()
	}
	return 0
}

// bare takes go-git's own wrapping away, which says nothing.
func bare(err error) error {
	var unexpected *plumbing.UnexpectedError
	if errors.As(err, &unexpected) && unexpected.Err != nil {
		return unexpected.Err
	}
	return err
}

// refused: the server does not give out what was asked for by its hash.
func refused(err error) bool {
	if err == nil {
		return false
	}
	text := err.Error()
	return strings.Contains(text, "not our ref") || strings.Contains(text, "unadvertised object") || strings.Contains(text, "not advertised")
}

// oneLine makes one printable line of what a server says.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, ""))
	return strings.Join(strings.Fields(text), " ")
}
