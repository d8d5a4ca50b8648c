package git

import (
	"maps"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh/knownhosts"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

func TestEveryMistakeIsFoundBeforeTheFirstRequest(t *testing.T) {
	t.Parallel()
	private, signer := keyPair(t, "")
	encrypted, _ := keyPair(t, "S3cret")
	known := knownhosts.Line([]string{"host", "[host]:2222"}, signer.PublicKey())
	good := map[string]string{"identity": private, "known_hosts": known}
	with := func(key, value string) map[string]string {
		changed := maps.Clone(good)
		changed[key] = value
		return changed
	}
	const https, ssh = "https://host/repo", "ssh://git@host/repo"
	for what, test := range map[string]struct {
		spec   api.GitSpec
		secret map[string]string
		words  []string
	}{
		"no URL":                   {api.GitSpec{}, nil, []string{"spec.git.url", "empty"}},
		"a path":                   {api.GitSpec{URL: "/srv/repo"}, nil, []string{"spec.git.url"}},
		"a file URL":               {api.GitSpec{URL: "file:///srv/repo"}, nil, []string{"spec.git.url", `"file"`}},
		"the git protocol":         {api.GitSpec{URL: "git://host/repo"}, nil, []string{"spec.git.url", `"git"`}},
		"no host":                  {api.GitSpec{URL: "https:///repo"}, nil, []string{"spec.git.url", "host"}},
		"no path":                  {api.GitSpec{URL: "https://host/"}, nil, []string{"spec.git.url", "path"}},
		"a bad port":               {api.GitSpec{URL: "https://host:99999/x"}, nil, []string{"spec.git.url", "99999"}},
		"a fragment":               {api.GitSpec{URL: "https://host/x#main"}, nil, []string{"spec.git.url", "spec.git.branch"}},
		"a password in the URL":    {api.GitSpec{URL: "https://me:S3cret@host/x"}, nil, []string{"spec.git.url", "Secret"}},
		"a broken URL":             {api.GitSpec{URL: "https://me:S3cret@ho st/x"}, nil, []string{"spec.git.url"}},
		"two refs":                 {api.GitSpec{URL: https, Branch: "a", Tag: "b"}, nil, []string{"branch, tag and commit exclude"}},
		"a bad branch":             {api.GitSpec{URL: https, Branch: "a b"}, nil, []string{"spec.git.branch"}},
		"a bad tag":                {api.GitSpec{URL: https, Tag: "a..b"}, nil, []string{"spec.git.tag"}},
		"a short commit":           {api.GitSpec{URL: https, Commit: "abc1234"}, nil, []string{"spec.git.commit", "40"}},
		"an absolute path":         {api.GitSpec{URL: https, Path: "/addons"}, nil, []string{"spec.git.path"}},
		"a climbing path":          {api.GitSpec{URL: https, Path: "addons/../.."}, nil, []string{"spec.git.path"}},
		"no interval":              {api.GitSpec{URL: https, Interval: "often"}, nil, []string{"spec.git.interval"}},
		"a short interval":         {api.GitSpec{URL: https, Interval: "10ms"}, nil, []string{"spec.git.interval", "1s"}},
		"a bad proxy":              {api.GitSpec{URL: https, Proxy: "me:S3cret@proxy"}, nil, []string{"spec.git.proxy"}},
		"a proxy of another kind":  {api.GitSpec{URL: https, Proxy: "ftp://proxy"}, nil, []string{"spec.git.proxy", "ftp"}},
		"a CA without certificate": {api.GitSpec{URL: https, Secret: "s"}, map[string]string{"ca.crt": "x"}, []string{"key ca.crt of Secret turnup-system/s"}},
		"a password alone":         {api.GitSpec{URL: https, Secret: "s"}, map[string]string{"password": "S3cret"}, []string{"key username of Secret turnup-system/s"}},
		"a user alone":             {api.GitSpec{URL: https}, map[string]string{"username": "me"}, []string{"key password"}},
		"a token and a password":   {api.GitSpec{URL: https}, map[string]string{"token": "S3cret", "password": "S3cret"}, []string{"key token"}},
		"a token of two lines":     {api.GitSpec{URL: https}, map[string]string{"token": "S3cret\nS3cret"}, []string{"key token", "more than one line"}},
		"no signers":               {api.GitSpec{URL: https, Verify: true}, nil, []string{"key signers", "spec.git.verify"}},
		"no identity":              {api.GitSpec{URL: ssh}, nil, []string{"key identity", "ssh-keygen"}},
		"a broken identity":        {api.GitSpec{URL: ssh}, with("identity", "S3cret"), []string{"key identity", "not a private key"}},
		"an encrypted identity":    {api.GitSpec{URL: ssh}, with("identity", encrypted), []string{"key identity", "key passphrase"}},
		"no known_hosts":           {api.GitSpec{URL: ssh}, with("known_hosts", ""), []string{"key known_hosts", "never trusted on first use"}},
		"broken known_hosts":       {api.GitSpec{URL: ssh}, with("known_hosts", known+"\nhost ssh-ed25519 AAAA"), []string{"key known_hosts", "first 1 keys"}},
		"another host's":           {api.GitSpec{URL: "git@other:repo"}, good, []string{"no key of other:22", "ssh-keyscan other"}},
		"another port's":           {api.GitSpec{URL: "ssh://host:2200/x"}, good, []string{"no key of host:2200", "ssh-keyscan -p 2200 host"}},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := New(Options{Spec: test.spec, Secret: data(test.secret)})
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, word := range test.words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("the error does not say %q: %v", word, err)
				}
			}
			if strings.Contains(err.Error(), "S3cret") {
				t.Errorf("it shows the secret: %v", err)
			}
		})
	}
	for _, url := range []string{ssh, "git@host:repo", "host:repo", "ssh://host:2222/repo", "ssh://host/~me/repo", "SSH://me@host/repo"} {
		if _, err := New(Options{Spec: api.GitSpec{URL: url}, Secret: data(good)}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := New(Options{Spec: api.GitSpec{URL: ssh}, Secret: data(map[string]string{"identity": encrypted, "passphrase": "S3cret\n", "known_hosts": known})}); err != nil {
		t.Error(err)
	}
}

func TestPathsAreQuotedForTheServersShell(t *testing.T) {
	t.Parallel()
	private, signer := keyPair(t, "")
	secret := data(map[string]string{"identity": private, "known_hosts": knownhosts.Line([]string{"host"}, signer.PublicKey())})
	for url, want := range map[string]string{
		"git@host:team/repo.git":       "git-upload-pack 'team/repo.git'",
		"ssh://host/srv/it's!":         `git-upload-pack '/srv/it'\''s'\!''`,
		"ssh://host/~me/repo":          "git-upload-pack '~me/repo'",
		"git@host:x;$(rm -rf nothing)": "git-upload-pack 'x;$(rm -rf nothing)'",
	} {
		r, err := New(Options{Spec: api.GitSpec{URL: url}, Secret: secret})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.remote.(*sshRemote).command; got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
}
