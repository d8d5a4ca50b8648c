package git

import (
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh/knownhosts"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// guarded lets in who has the login, and asks the others for one of a kind.
func guarded(inner http.Handler, header, challenge string) http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if request.Header.Get("Authorization") != header {
			answer.Header().Set("WWW-Authenticate", challenge)
			http.Error(answer, "go away, "+request.Header.Get("Authorization"), http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(answer, request)
	})
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestLoginsAreSentAsTheServerWantsThem(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	want := u.commit("first", manifest(1))
	for what, test := range map[string]struct {
		header, challenge string
		user              string
		secret            map[string]string
	}{
		"a password":                 {basic("me", "hush"), "Basic", "", map[string]string{"username": "me", "password": "hush\n"}},
		"a user in the URL":          {basic("me", "hush"), "Basic", "me@", map[string]string{"password": "hush"}},
		"a token":                    {basic("x-token-auth", "hush"), "Basic", "", map[string]string{"token": "hush\n"}},
		"a token of a user":          {basic("me", "hush"), "Basic", "", map[string]string{"username": "me", "token": "hush"}},
		"a token for the Bearer one": {"Bearer hush", `Bearer realm="x"`, "", map[string]string{"token": "hush"}},
	} {
		t.Run(what, func(t *testing.T) {
			w := serve(t, guarded(u.backend(), test.header, test.challenge), httptest.NewTLSServer)
			url := strings.Replace(w.url(), "https://", "https://"+test.user, 1)
			test.secret["ca.crt"] = string(pemOf(w))
			r := open(t, api.GitSpec{URL: url, Secret: "login"}, test.secret)
			if tree := poll(t, r, ""); tree.Revision != want {
				t.Errorf("read %s", tree.Revision)
			}
			for key := range test.secret {
				if key == "token" || key == "password" {
					test.secret[key] = "S3cretButWrong"
				}
			}
			err := refuse(t, open(t, api.GitSpec{URL: url, Secret: "login"}, test.secret), "401", "Secret turnup-system/login", "renew")
			if strings.Contains(err.Error(), "S3cret") || strings.Contains(err.Error(), base64.StdEncoding.EncodeToString([]byte("S3cretButWrong"))) {
				t.Errorf("it shows the secret: %v", err)
			}
			refuse(t, open(t, api.GitSpec{URL: w.url()}, map[string]string{"ca.crt": test.secret["ca.crt"]}), "wants a login")
			refuse(t, open(t, api.GitSpec{URL: url, Secret: "login"}, nil), "ca.crt", "Secret turnup-system/login")
		})
	}
}

func TestAProxyIsUsed(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	u.commit("first", manifest(1))
	w := serve(t, u.backend(), httptest.NewTLSServer)
	ca := map[string]string{"ca.crt": string(pemOf(w))}
	plain, plainCount := relay(t, "", "")
	locked, lockedCount := relay(t, "me", "S3cret")
	withLogin := strings.Replace(locked.URL, "http://", "http://me:S3cret@", 1)
	socks, socksCount := socks5(t)
	server := u.ssh()
	for what, test := range map[string]struct {
		proxy string
		count *atomic.Int64
	}{
		"HTTP":              {plain.URL, plainCount},
		"HTTP with a login": {withLogin, lockedCount},
		"SOCKS5":            {"socks5://" + socks, socksCount},
	} {
		t.Run(what, func(t *testing.T) {
			poll(t, open(t, api.GitSpec{URL: w.url(), Proxy: test.proxy}, ca), "")
			if test.count.Load() != 1 {
				t.Error("HTTPS went another way")
			}
			poll(t, open(t, api.GitSpec{URL: server.url(), Proxy: test.proxy}, server.secret()), "")
			if test.count.Load() != 2 {
				t.Error("SSH went another way")
			}
		})
	}
	wrong := strings.Replace(locked.URL, "http://", "http://me:S3cretNot@", 1)
	for _, r := range []*Repository{
		open(t, api.GitSpec{URL: w.url(), Proxy: wrong}, ca),
		open(t, api.GitSpec{URL: server.url(), Proxy: wrong}, server.secret()),
	} {
		if err := refuse(t, r, "Proxy Authentication Required"); strings.Contains(err.Error(), "S3cret") {
			t.Error(err)
		}
	}
}

// socks5 is a SOCKS5 proxy without a login, for addresses by number.
func socks5(t *testing.T) (string, *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	count := &atomic.Int64{}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer near.Close()
				head := make([]byte, 2)
				_, _ = io.ReadFull(near, head)
				_, _ = io.ReadFull(near, make([]byte, head[1]))
				_, _ = near.Write([]byte{5, 0})
				ask := make([]byte, 10) // version, connect, reserved, IPv4, address, port
				if _, err := io.ReadFull(near, ask); err != nil || ask[3] != 1 {
					return
				}
				far, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: ask[4:8], Port: int(ask[8])<<8 | int(ask[9])})
				if err != nil {
					return
				}
				defer far.Close()
				count.Add(1)
				_, _ = near.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
				go func() { _, _ = io.Copy(far, near); far.Close() }()
				_, _ = io.Copy(near, far)
			}()
		}
	}()
	return listener.Addr().String(), count
}

func TestSSHReadsAndTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	first := u.commit("first", manifest(1))
	server := u.ssh()
	secret := server.secret()
	r := open(t, api.GitSpec{URL: server.url(), Path: "addons", Secret: "key"}, secret)
	if tree := poll(t, r, ""); tree.Revision != first || names(tree) != "dns/config.yaml" {
		t.Errorf("read %s with %s", tree.Revision, names(tree))
	}
	if _, _, err := r.Poll(context.Background(), first); err == nil || server.sessions.Load() != 2 {
		t.Errorf("an unchanged repository takes %d sessions: %v", server.sessions.Load()-1, err)
	}
	refuse(t, open(t, api.GitSpec{URL: strings.Replace(server.url(), "repo", "nothing", 1)}, secret), "nothing.git", "does not appear to be a git repository")
	other, signer := keyPair(t, "")
	stranger := map[string]string{"identity": other, "known_hosts": server.known}
	refuse(t, open(t, api.GitSpec{URL: server.url(), Secret: "key"}, stranger), "does not accept the key", "Secret turnup-system/key")
	impostor := map[string]string{"identity": secret["identity"], "known_hosts": knownhosts.Line([]string{server.address}, signer.PublicKey())}
	refuse(t, open(t, api.GitSpec{URL: server.url(), Secret: "key"}, impostor), "host key", "SHA256:", "known_hosts of Secret turnup-system/key")
	revoked := map[string]string{"identity": secret["identity"], "known_hosts": server.known + "\n@revoked * " + strings.SplitN(server.known, " ", 2)[1]}
	refuse(t, open(t, api.GitSpec{URL: server.url()}, revoked), "is revoked")
	hashed := map[string]string{"identity": secret["identity"],
		"known_hosts": "# a comment\n" + knownhosts.HashHostname(knownhosts.Normalize(server.address)) + " " + strings.SplitN(server.known, " ", 2)[1]}
	poll(t, open(t, api.GitSpec{URL: server.url()}, hashed), "")
	empty := newUpstream(t).ssh()
	refuse(t, open(t, api.GitSpec{URL: empty.url()}, empty.secret()), "push a first commit")
}

func TestKnownHostsAreMatchedAsOpenSSHDoes(t *testing.T) {
	t.Parallel()
	_, signer := keyPair(t, "")
	for line, want := range map[string]string{
		"git.example.com":                    "git.example.com:22",
		"[git.example.com]:2222":             "git.example.com:2222",
		"GIT.example.com":                    "git.example.com:22",
		"*.example.com":                      "git.example.com:22",
		"a,*.exam?le.com":                    "git.example.com:22",
		"*.example.com,!git.example.com":     "",
		"git.example.com.evil":               "",
		"example.com":                        "",
		"[*.example.com]:2222":               "git.example.com:2222",
		knownhosts.HashHostname("other.com"): "",
	} {
		key := strings.SplitN(knownhosts.Line([]string{"x"}, signer.PublicKey()), " ", 2)[1]
		hosts, err := parseKnownHosts(secret{data: data(map[string]string{"known_hosts": line + " " + key})})
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		for _, address := range []string{"git.example.com:22", "git.example.com:2222", "x.com:22"} {
			if got := len(hosts.algorithms(address)) > 0; got != (address == want) {
				t.Errorf("%q matches %s: %v", line, address, got)
			}
		}
	}
}
