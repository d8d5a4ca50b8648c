package gitsource

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
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
			if diff := cmp.Diff(tc.want, Spec(cfg)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCredentialsAreReadFromFiles(t *testing.T) {
	testdir.Empty(t)
	testdir.Write(t, "token", "abc")
	secret, err := Credentials{"token": "token", "identity": ""}.Object()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"token": base64.StdEncoding.EncodeToString([]byte("abc"))}
	if diff := cmp.Diff(want, secret.Object["data"]); diff != "" {
		t.Error(diff)
	}
	if none, err := (Credentials{"token": ""}).Object(); none != nil || err != nil {
		t.Errorf("no file gives %v, %v", none, err)
	}
	if _, err := (Credentials{"token": "nowhere"}).Object(); err == nil || ui.HintOf(err) == "" {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestTheFlagsOfDeployDescribeASource(t *testing.T) {
	token := Credentials{"token": "t"}
	for _, tc := range []struct {
		name string
		kind string
		git  Request
		want api.SourceSpec
		err  string
	}{
		{"nothing", "", Request{}, api.SourceSpec{}, ""},
		{"push", "push", Request{}, api.SourceSpec{Type: "push"}, ""},
		{"git", "git", Request{GitSpec: api.GitSpec{URL: "u", Branch: "b"}}, api.SourceSpec{Type: "git", Git: &api.GitSpec{URL: "u", Branch: "b"}}, ""},
		{"files become a Secret", "git", Request{GitSpec: api.GitSpec{URL: "u"}, Credentials: token},
			api.SourceSpec{Type: "git", Git: &api.GitSpec{URL: "u", Secret: CredentialsName}}, ""},
		{"another word", "hg", Request{}, api.SourceSpec{}, "is no source"},
		{"git flags for push", "", Request{GitSpec: api.GitSpec{URL: "u"}}, api.SourceSpec{}, "the source is push"},
		{"files for push", "push", Request{Credentials: token}, api.SourceSpec{}, "the source is push"},
		{"no repository", "git", Request{}, api.SourceSpec{}, "needs a repository"},
		{"two places", "git", Request{GitSpec: api.GitSpec{URL: "u", Branch: "b", Tag: "t"}}, api.SourceSpec{}, "exclude each other"},
		{"a Secret and files", "git", Request{GitSpec: api.GitSpec{URL: "u", Secret: "s"}, Credentials: token}, api.SourceSpec{}, "--secret"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Of(tc.kind, tc.git)
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
