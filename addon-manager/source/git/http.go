package git

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
)

// tokenUser is the user name of a token without one. The servers that look at
// it at all want this one; the others take any.
const tokenUser = "x-token-auth"

// httpRemote speaks the smart HTTP protocol.
type httpRemote struct {
	endpoint transport.Endpoint
	client   transport.Transport
	wire     *wire
	login    *login
}

func newHTTP(where place, keys secret, proxy *url.URL) (*httpRemote, error) {
	wire := &wire{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   30 * time.Second,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          2,
		IdleConnTimeout:       5 * time.Minute,
		ExpectContinueTimeout: time.Second,
	}}
	if proxy != nil {
		wire.Proxy = http.ProxyURL(proxy)
	}
	if ca, found := keys.data["ca.crt"]; found {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(ca) {
			return nil, fmt.Errorf("%s: there is no certificate in it; it must be PEM, with BEGIN CERTIFICATE", keys.key("ca.crt"))
		}
		wire.TLSClientConfig.RootCAs = pool
	}
	remote := &httpRemote{
		wire:   wire,
		client: githttp.NewClient(&http.Client{Transport: wire}),
		endpoint: transport.Endpoint{
			Protocol: where.scheme, Host: where.host, Port: where.port, Path: where.path,
		},
	}
	if strings.Contains(where.host, ":") {
		remote.endpoint.Host = "[" + where.host + "]"
	}
	login, err := newLogin(where, keys)
	remote.login = login
	return remote, err
}

func (r *httpRemote) open(context.Context) (session, error) {
	// A redirect changes the endpoint of its session.
	endpoint := r.endpoint
	var auth transport.AuthMethod
	if r.login != nil {
		auth = r.login
	}
	inner, err := r.client.NewUploadPackSession(&endpoint, auth)
	if err != nil {
		return nil, err
	}
	return &httpSession{inner: inner, remote: r}, nil
}

func (r *httpRemote) idle() { r.wire.CloseIdleConnections() }

type httpSession struct {
	inner  transport.UploadPackSession
	remote *httpRemote
}

func (s *httpSession) refs(ctx context.Context) (*packp.AdvRefs, error) {
	refs, err := s.inner.AdvertisedReferencesContext(ctx)
	// A server that refuses a login of the basic kind, and asks for the other one, gets it from now on.
	if login := s.remote.login; err != nil && login != nil && login.token && s.remote.wire.bearer.Swap(false) && login.bearer.CompareAndSwap(false, true) {
		refs, err = s.inner.AdvertisedReferencesContext(ctx)
	}
	return refs, err
}

func (s *httpSession) pack(ctx context.Context, request *packp.UploadPackRequest) (io.ReadCloser, error) {
	return s.inner.UploadPack(ctx, request)
}

func (s *httpSession) close() {}

// login is a user name with a password or token.
type login struct {
	user, password string
	token          bool
	bearer         atomic.Bool
}

func newLogin(where place, keys secret) (*login, error) {
	l := &login{user: keys.text("username"), password: keys.text("password")}
	if l.user == "" {
		l.user = where.user
	}
	switch token := keys.text("token"); {
	case token != "" && l.password != "":
		return nil, fmt.Errorf("%s: there is a password too; keep one of them", keys.key("token"))
	case token != "":
		l.token, l.password = true, token
		if l.user == "" {
			l.user = tokenUser
		}
	case l.password != "" && l.user == "":
		return nil, fmt.Errorf("%s: it is missing beside the password", keys.key("username"))
	case keys.text("username") != "" && l.password == "":
		return nil, fmt.Errorf("%s: it is missing beside the username; a token goes into token", keys.key("password"))
	}
	if l.user == "" {
		return nil, nil
	}
	return l, nil
}

// SetAuth implements githttp.AuthMethod.
func (l *login) SetAuth(request *http.Request) {
	if l.bearer.Load() {
		request.Header.Set("Authorization", "Bearer "+l.password)
		return
	}
	request.SetBasicAuth(l.user, l.password)
}

// Name implements transport.AuthMethod.
func (l *login) Name() string { return "login" }

// String implements transport.AuthMethod, and shows nothing.
func (l *login) String() string { return "login" }

// wire limits what an answer may hold, and notes what kind of login is wanted.
type wire struct {
	*http.Transport
	bearer atomic.Bool
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := w.Transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	limit := int64(maxRefBytes)
	switch {
	case answer.StatusCode >= http.StatusBadRequest:
		limit = maxReason
	case request.Method == http.MethodPost:
		limit = maxAnswer
	}
	answer.Body = &limited{ReadCloser: answer.Body, left: limit}
	if answer.StatusCode == http.StatusUnauthorized {
		challenge := strings.ToLower(strings.Join(answer.Header.Values("WWW-Authenticate"), ","))
		w.bearer.Store(strings.Contains(challenge, "bearer") && !strings.Contains(challenge, "basic"))
	}
	return answer, nil
}

// limited ends an answer that is too long. What explains a refusal is cut, the rest is an error.
type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		if n, err := l.ReadCloser.Read(make([]byte, 1)); n == 0 {
			return 0, err
		}
		return 0, errLong
	}
	n, err := l.ReadCloser.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}
