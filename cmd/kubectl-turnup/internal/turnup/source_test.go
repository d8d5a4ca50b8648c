package turnup

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestAConfigSaysWhereAddonsComeFrom(t *testing.T) {
	percent := func(n int) *int { return &n }
	const url = "https://git.example.com/a.git"
	const commit = "6f2b3c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b"
	for _, tc := range []struct {
		name string
		set  []string
		want api.SourceSpec
	}{
		{"by default", nil, api.SourceSpec{Type: "push", PruneBudget: percent(30)}},
		{"with a budget of nothing", []string{"addons.prune_budget=0"}, api.SourceSpec{Type: "push", PruneBudget: percent(0)}},
		{"from git", []string{"addons.source=git", "addons.git.url=" + url},
			api.SourceSpec{Type: "git", PruneBudget: percent(30), Git: &api.GitSpec{URL: url, Branch: "main", Path: "addons", Interval: "15s"}}},
		{"from a tag", []string{"addons.source=git", "addons.git.url=" + url, "addons.git.tag=v1"},
			api.SourceSpec{Type: "git", PruneBudget: percent(30), Git: &api.GitSpec{URL: url, Tag: "v1", Path: "addons", Interval: "15s"}}},
		{"from a commit, whatever else is said", []string{"addons.source=git", "addons.git.url=" + url, "addons.git.tag=v1", "addons.git.commit=" + commit},
			api.SourceSpec{Type: "git", PruneBudget: percent(30), Git: &api.GitSpec{URL: url, Commit: commit, Path: "addons", Interval: "15s"}}},
		{"verified, with files and a proxy", []string{"addons.source=git", "addons.git.url=" + url, "addons.git.verification=ssh", "addons.git.signers_file=s",
			"addons.git.token_file=t", "addons.git.proxy=http://p:1", "addons.git.interval=60"},
			api.SourceSpec{Type: "git", PruneBudget: percent(30), Git: &api.GitSpec{
				URL: url, Branch: "main", Path: "addons", Interval: "60s", Proxy: "http://p:1", Verify: true, Secret: CredentialsName,
			}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := config.Default()
			if err := config.Set(&cfg, tc.set...); err != nil {
				t.Fatal(err)
			}
			if err := config.Validate(cfg); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, SourceSpec(cfg)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCredentialsAreReadFromFiles(t *testing.T) {
	here(t)
	write(t, "token", "abc")
	secret, err := Credentials{"token": "token", "identity": ""}.object()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"token": base64.StdEncoding.EncodeToString([]byte("abc"))}
	if diff := cmp.Diff(want, secret.Object["data"]); diff != "" {
		t.Error(diff)
	}
	if none, err := (Credentials{"token": ""}).object(); none != nil || err != nil {
		t.Errorf("no file gives %v, %v", none, err)
	}
	if _, err := (Credentials{"token": "nowhere"}).object(); err == nil || ui.HintOf(err) == "" {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestCredentialsThatCannotBeReadAreRefusedBeforeAnythingIsTouched(t *testing.T) {
	here(t)
	_, err := Resolve(Request{Base: "clusters", Set: []string{"addons.source=git", "addons.git.url=https://git.example.com/a.git", "addons.git.token_file=nowhere"}})
	if err == nil || !strings.Contains(err.Error(), "token: open nowhere") {
		t.Errorf("%v", err)
	}
}

func TestTheFlagsOfDeployDescribeASource(t *testing.T) {
	token := Credentials{"token": "t"}
	for _, tc := range []struct {
		name string
		kind string
		git  GitRequest
		want api.SourceSpec
		err  string
	}{
		{"nothing", "", GitRequest{}, api.SourceSpec{}, ""},
		{"push", "push", GitRequest{}, api.SourceSpec{Type: "push"}, ""},
		{"git", "git", GitRequest{GitSpec: api.GitSpec{URL: "u", Branch: "b"}}, api.SourceSpec{Type: "git", Git: &api.GitSpec{URL: "u", Branch: "b"}}, ""},
		{"files become a Secret", "git", GitRequest{GitSpec: api.GitSpec{URL: "u"}, Credentials: token},
			api.SourceSpec{Type: "git", Git: &api.GitSpec{URL: "u", Secret: CredentialsName}}, ""},
		{"another word", "hg", GitRequest{}, api.SourceSpec{}, "is no source"},
		{"git flags for push", "", GitRequest{GitSpec: api.GitSpec{URL: "u"}}, api.SourceSpec{}, "the source is push"},
		{"files for push", "push", GitRequest{Credentials: token}, api.SourceSpec{}, "the source is push"},
		{"no repository", "git", GitRequest{}, api.SourceSpec{}, "needs a repository"},
		{"two places", "git", GitRequest{GitSpec: api.GitSpec{URL: "u", Branch: "b", Tag: "t"}}, api.SourceSpec{}, "exclude each other"},
		{"a Secret and files", "git", GitRequest{GitSpec: api.GitSpec{URL: "u", Secret: "s"}, Credentials: token}, api.SourceSpec{}, "--secret"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := SourceOf(tc.kind, tc.git)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) || ui.HintOf(err) == "" {
					t.Errorf("error %v, want one with %q and a way out", err, tc.err)
				}
				return
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestOnlyAServerThatNodesReachIsTheManagers(t *testing.T) {
	for server, want := range map[string]string{
		"https://203.0.113.7:6443":       "203.0.113.7:6443",
		"https://api.example.com":        "api.example.com:443",
		"https://api.example.com/":       "api.example.com:443",
		"https://[2001:db8::1]:6443":     "[2001:db8::1]:6443",
		"https://127.0.0.1:33333":        "",
		"https://localhost:6443":         "",
		"https://[::1]:6443":             "",
		"https://0.0.0.0:6443":           "",
		"https://r.example.com/k8s/c-m1": "",
		"":                               "",
	} {
		if got := reachable(server); got != want {
			t.Errorf("%q: %q, want %q", server, got, want)
		}
	}
}

func TestTheRuleWhichClusterItIs(t *testing.T) {
	for _, tc := range []struct {
		name     string
		recorded bool
		req      AddonsRequest
		own      bool
		wrong    bool
	}{
		{"a record", true, AddonsRequest{}, true, false},
		{"no record", false, AddonsRequest{}, false, false},
		{"a record and a context", true, AddonsRequest{Connection: Connection{Context: "x"}}, false, false},
		{"a record and a kubeconfig", true, AddonsRequest{Connection: Connection{Kubeconfig: "x"}}, false, false},
		{"a record and another flag", true, AddonsRequest{Connection: Connection{Words: []string{"--as=x"}}}, false, false},
		{"a name", true, AddonsRequest{Request: Request{Name: "demo"}}, true, false},
		{"a name without a record", false, AddonsRequest{Request: Request{Name: "demo"}}, true, true},
		{"a name and a context", true, AddonsRequest{Connection: Connection{Context: "x"}, Request: Request{Name: "demo"}}, false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			here(t)
			t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
			if tc.recorded {
				write(t, "clusters/demo/config.json", string(config.Encode(config.Default())))
			}
			tc.req.Base = "clusters"
			a, err := OpenAddons(tc.req)
			if tc.wrong {
				if err == nil || ui.HintOf(err) == "" {
					t.Errorf("%v, want an error with a way out", err)
				}
				return
			}
			if err != nil || (a.own != nil) != tc.own {
				t.Errorf("%+v, %v", a, err)
			}
			wd, _ := os.Getwd()
			if want := filepath.Join(wd, "addons"); a.dir != want {
				t.Errorf("the tree is %s, want %s", a.dir, want)
			}
		})
	}
}
