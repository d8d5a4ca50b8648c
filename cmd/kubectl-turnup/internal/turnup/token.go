package turnup

import (
	"context"
	"time"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Token is a bootstrap token, without its secret.
type Token = bootstrap.TokenInfo

// RotateToken makes a new token for workers that join from now on: in the key
// directory, in the cluster and, on a cloud, in what new machines boot with. The
// old ones last until they expire, unless they are revoked. No node notices.
func (t *Turnup) RotateToken(ctx context.Context, revoke bool) (Token, error) {
	file, err := t.Home.ReadMachines()
	if err != nil {
		return Token{}, err
	}
	keys, err := t.keys(file)
	if err != nil {
		return Token{}, err
	}
	cluster, err := bootstrap.Connect(t.name(), file.Endpoint, keys.CA.Cert, keys.Admin)
	if err != nil {
		return Token{}, err
	}
	before, err := bootstrap.Tokens(ctx, cluster.Client())
	if err != nil {
		return Token{}, ui.Hint(err, "`kubectl turnup status` says whether the API server answers; nothing has changed")
	}
	var token pki.Token
	err = t.step(ctx, "make a bootstrap token", time.Minute, func(ctx context.Context, _ *ui.Step) error {
		if token, err = pki.RotateToken(t.Home.PKI(), time.Now()); err != nil {
			return err
		}
		return cluster.AddToken(ctx, token)
	})
	if err != nil {
		return Token{}, err
	}
	if _, cloud := config.CloudOf(t.Config); cloud {
		// Machines that are there keep what they booted with.
		if err := t.Provision(ctx); err != nil {
			return Token{}, ui.Hint(err, "the new token is valid, but new machines boot with the old one: run it again, or `kubectl turnup provision`")
		}
	}
	for _, old := range before {
		if !revoke || old.ID == token.ID {
			continue
		}
		if err := bootstrap.RevokeToken(ctx, cluster.Client(), old.ID); err != nil {
			return Token{}, err
		}
	}
	return Token{ID: token.ID, Expires: token.Expires}, nil
}

// Tokens lists the bootstrap tokens that the API server takes.
func (t *Turnup) Tokens(ctx context.Context) ([]Token, error) {
	to, err := t.connect()
	if err != nil {
		return nil, err
	}
	return bootstrap.Tokens(ctx, to.Typed)
}
