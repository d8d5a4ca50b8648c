package git

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

func TestEveryKindOfRefIsRead(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	first := u.commit("first", map[string]string{"addons/dns/a.yaml": "1", "README.md": "x"})
	u.git("tag", "light")
	u.git("tag", "--annotate", "--message", "a tag", "heavy")
	u.git("tag", "--annotate", "--message", "a tag of a tag", "heavier", "heavy")
	second := u.commit("second\n\nTurnup-Prune: approved", map[string]string{"addons/dns/a.yaml": "2"})
	u.git("branch", "stable", first)
	w := u.http()
	for what, test := range map[string]struct {
		spec api.GitSpec
		want string
	}{
		"HEAD":                   {api.GitSpec{}, second},
		"a branch":               {api.GitSpec{Branch: "stable"}, first},
		"a tag":                  {api.GitSpec{Tag: "light"}, first},
		"an annotated tag":       {api.GitSpec{Tag: "heavy"}, first},
		"a tag of a tag":         {api.GitSpec{Tag: "heavier"}, first},
		"a commit at a tip":      {api.GitSpec{Commit: second}, second},
		"a commit in the middle": {api.GitSpec{Commit: first}, first},
	} {
		t.Run(what, func(t *testing.T) {
			test.spec.URL, test.spec.Path = w.url(), "addons/"
			r := open(t, test.spec, nil)
			tree := poll(t, r, "")
			if tree.Revision != test.want || names(tree) != "dns/a.yaml" || tree.Author != "Ada <ada@example.com>" {
				t.Errorf("read %s by %s with %s, want %s", tree.Revision, tree.Author, names(tree), test.want)
			}
			if tree.Revision == second && (tree.Message != "second\n\nTurnup-Prune: approved\n" || string(tree.Files["dns/a.yaml"]) != "2") {
				t.Errorf("message %q, content %q", tree.Message, tree.Files["dns/a.yaml"])
			}
			if _, _, err := r.Poll(context.Background(), tree.Revision); !errors.Is(err, ErrUnchanged) {
				t.Errorf("the second look: %v", err)
			}
		})
	}
}

func TestAnUnchangedRepositoryCostsOneRequest(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	u.commit("first", manifest(1))
	w := u.http()
	r := open(t, api.GitSpec{URL: w.url()}, nil)
	known := poll(t, r, "").Revision
	if n := w.requests.Load(); n != 2 {
		t.Errorf("the first read took %d requests, want 2", n)
	}
	for i := range int64(5) {
		if _, _, err := r.Poll(context.Background(), known); !errors.Is(err, ErrUnchanged) {
			t.Fatal(err)
		}
		if n := w.requests.Load(); n != 3+i {
			t.Errorf("after %d looks there were %d requests", i+1, n)
		}
	}
	if n := w.posts.Load(); n != 1 {
		t.Errorf("%d packs were fetched, want 1", n)
	}
	pinned := open(t, api.GitSpec{URL: w.url(), Commit: known}, nil)
	if _, _, err := pinned.Poll(context.Background(), known); !errors.Is(err, ErrUnchanged) || w.requests.Load() != 7 {
		t.Errorf("a pinned commit is asked for again: %v", err)
	}
}

func TestACommitIsFoundWhereTheServerServesTipsOnly(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	first := u.commit("first", manifest(1))
	u.git("switch", "--quiet", "--create", "side")
	aside := u.commit("aside", manifest(2))
	u.commit("tip of side", manifest(3))
	u.git("switch", "--quiet", "main")
	u.commit("second", manifest(4))
	server := u.ssh()
	read := func(commit string) *Repository {
		return open(t, api.GitSpec{URL: server.url(), Commit: commit}, server.secret())
	}
	for _, want := range []string{first, aside} {
		sessions := server.sessions.Load()
		if tree := poll(t, read(want), ""); tree.Revision != want || server.sessions.Load() != sessions+2 {
			t.Errorf("read %s, want %s, in %d sessions", tree.Revision, want, server.sessions.Load()-sessions)
		}
	}
	lost := strings.Repeat("12", 20)
	refuse(t, read(lost), lost, "allowReachableSHA1InWant")
	u.git("config", "uploadpack.allowReachableSHA1InWant", "true")
	sessions := server.sessions.Load()
	if poll(t, read(first), ""); server.sessions.Load() != sessions+1 {
		t.Error("the server gives it out at once, but it was searched for")
	}
}

func TestMissingThingsAreNamedWithWhatIsThere(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	u.commit("first", map[string]string{"addons/a.yaml": "1", "other/b.yaml": "2", "file": "3"})
	u.git("tag", "v1")
	w := u.http()
	for what, test := range map[string]struct {
		spec  api.GitSpec
		words []string
	}{
		"a branch":        {api.GitSpec{Branch: "mian"}, []string{`no branch "mian"`, "it has main"}},
		"a tag":           {api.GitSpec{Tag: "v2"}, []string{`no tag "v2"`, "it has v1"}},
		"a path":          {api.GitSpec{Path: "adons"}, []string{"spec.git.path", "adons", "addons, other"}},
		"a path below":    {api.GitSpec{Path: "addons/x/y"}, []string{"no addons/x in it"}},
		"a file for path": {api.GitSpec{Path: "file"}, []string{"file is a file, not a directory"}},
	} {
		t.Run(what, func(t *testing.T) {
			test.spec.URL = w.url()
			refuse(t, open(t, test.spec, nil), test.words...)
		})
	}
	empty := newUpstream(t).http()
	refuse(t, open(t, api.GitSpec{URL: empty.url()}, nil), "empty", "push a first commit")
}

func TestRewrittenHistoryIsNoticed(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	u.git("config", "uploadpack.allowFilter", "true")
	base := u.commit("base", manifest(0))
	old := u.commit("old", manifest(1))
	w := u.http()
	r := open(t, api.GitSpec{URL: w.url(), Branch: "main"}, nil)
	check := func(what, known string, want bool) {
		t.Helper()
		tree, rewritten, err := r.Poll(context.Background(), known)
		if err != nil {
			t.Fatal(err)
		}
		if rewritten != want || tree.Revision != u.git("rev-parse", "main") {
			t.Errorf("%s: rewritten is %v, want %v; read %s", what, rewritten, want, tree.Revision)
		}
	}
	check("one commit later", base, false)
	check("no known commit", "", false)
	check("a pushed tree before", "tree-0123456789abcdef", false)
	for i := range 60 {
		u.git("commit", "--quiet", "--allow-empty", "--message", fmt.Sprint(i))
	}
	check("60 commits later", old, false)
	check("a commit that the server never had", strings.Repeat("ab", 20), true)
	u.git("reset", "--quiet", "--hard", base)
	u.commit("another", manifest(2))
	u.commit("and one more", manifest(3))
	check("another history with a common base", old, true)
	u.git("config", "uploadpack.allowFilter", "false")
	check("the same without filters", old, true)
	u.git("reset", "--quiet", "--hard", base)
	check("set back to an ancestor", old, true)
	u.git("checkout", "--quiet", "--orphan", "fresh")
	u.commit("a new root", manifest(4))
	u.git("branch", "--force", "main", "fresh")
	check("a history of its own", old, true)
	u.git("reflog", "expire", "--expire=now", "--all")
	u.git("gc", "--quiet", "--prune=now")
	check("what was before is gone", old, true)
}

func TestAHundredCommitsInARowAreAllSeen(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	known := u.commit("first", manifest(0))
	var script strings.Builder
	for i := 1; i <= 101; i++ {
		text := manifest(i)["addons/dns/config.yaml"]
		fmt.Fprintf(&script, "commit refs/heads/next\ncommitter Ada <ada@example.com> %d +0000\ndata 4\nnext\n", 1_800_000_000+i)
		if i == 1 {
			fmt.Fprintf(&script, "from %s\n", known)
		}
		fmt.Fprintf(&script, "M 100644 inline addons/dns/config.yaml\ndata %d\n%s\n", len(text), text)
	}
	u.gitIn("fast-import", script.String(), "--quiet")
	r := open(t, api.GitSpec{URL: u.http().url(), Path: "addons"}, nil)
	for i, want := range strings.Fields(u.git("rev-list", "--reverse", "main..next")) {
		if err := os.WriteFile(filepath.Join(u.dir, ".git", "refs", "heads", "main"), []byte(want+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		tree, rewritten, err := r.Poll(context.Background(), known)
		if err != nil || rewritten || tree.Revision != want || string(tree.Files["dns/config.yaml"]) != manifest(i + 1)["addons/dns/config.yaml"] {
			t.Fatalf("commit %d: read %s, want %s; rewritten %v: %v", i+1, tree.Revision, want, rewritten, err)
		}
		known = want
	}
	if known != u.git("rev-parse", "next") {
		t.Errorf("it ended at %s", known)
	}
}

func TestAHugeRepositoryIsRefusedWithoutReadingItAll(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	noise := make([]byte, 300_000)
	source := rand.NewChaCha8([32]byte{})
	_, _ = source.Read(noise)
	u.commit("first", map[string]string{"addons/a.yaml": "1", "big/noise": string(noise), "big/zeros": strings.Repeat("0", 3_000_000)})
	w := u.http()
	for what, test := range map[string]struct {
		change func(*limits)
		path   string
		words  []string
	}{
		"the pack":            {func(l *limits) { l.pack = 100_000 }, "", []string{"too big", "when packed", "repository of their own"}},
		"what it unpacks to":  {func(l *limits) { l.unpacked = 1 << 20 }, "", []string{"too big", "1 MiB when unpacked"}},
		"the objects":         {func(l *limits) { l.objects = 3 }, "", []string{"too big", "3 is the limit"}},
		"the files' bytes":    {func(l *limits) { l.bytes = 1 << 20 }, "big", []string{"more than 1 MiB", "spec.git.path"}},
		"the number of files": {func(l *limits) { l.files = 1 }, "big", []string{"more than 1 files"}},
	} {
		t.Run(what, func(t *testing.T) {
			r := open(t, api.GitSpec{URL: w.url(), Path: test.path}, nil)
			test.change(&r.limits)
			refuse(t, r, test.words...)
		})
	}
	t.Run("its small part is read where the server can filter", func(t *testing.T) {
		server := u.ssh()
		r := open(t, api.GitSpec{URL: server.url(), Path: "addons"}, server.secret())
		r.limits.pack = 100_000
		refuse(t, r, "too big", "when packed")
		u.git("config", "uploadpack.allowFilter", "true")
		refuse(t, r, "too big", "when packed")
		u.git("config", "uploadpack.allowAnySHA1InWant", "true")
		if tree := poll(t, r, ""); names(tree) != "a.yaml" || string(tree.Files["a.yaml"]) != "1" {
			t.Errorf("read %s", names(tree))
		}
	})
}

func TestLinksAreFollowedWithinTheTreeOnly(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		name, target string
		want         string // an error's words, or "" where it is followed
	}{
		"a file beside it":           {"addons/dns/link.yaml", "config.yaml", ""},
		"a file of another addon":    {"addons/net/link.yaml", "../dns/config.yaml", ""},
		"another link":               {"addons/net/link.yaml", "../dns/second", ""},
		"a file above the path":      {"addons/dns/link.yaml", "../../secret.yaml", "out of the tree"},
		"a file of the machine":      {"addons/dns/link.yaml", "/etc/passwd", "only a relative path"},
		"far above":                  {"addons/dns/link.yaml", "../../../../../etc/passwd", "out of the tree"},
		"nothing":                    {"addons/dns/link.yaml", "gone.yaml", "no regular file"},
		"a directory":                {"addons/link", "dns", "no regular file"},
		"a file behind a linked dir": {"addons/dns/link.yaml", "../second/config.yaml", "no regular file"},
		"itself":                     {"addons/dns/link.yaml", "link.yaml", "leads to itself"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			u := newUpstream(t)
			u.link("addons/dns/second", "config.yaml")
			u.link(test.name, test.target)
			u.commit("links", map[string]string{"addons/dns/config.yaml": "here", "secret.yaml": "no"})
			r := open(t, api.GitSpec{URL: u.http().url(), Path: "addons"}, nil)
			name := strings.TrimPrefix(test.name, "addons/")
			if test.want != "" {
				refuse(t, r, test.want, name)
				return
			}
			if tree := poll(t, r, ""); string(tree.Files[name]) != "here" {
				t.Errorf("read %q", tree.Files[name])
			}
		})
	}
}

func TestASubmoduleIsNamed(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	commit := u.commit("first", map[string]string{"addons/a.yaml": "1"})
	u.git("update-index", "--add", "--cacheinfo", "160000,"+commit+",addons/theirs")
	u.git("commit", "--quiet", "--message", "submodule")
	w := u.http()
	refuse(t, open(t, api.GitSpec{URL: w.url()}, nil), "addons/theirs is a submodule")
	u.git("update-index", "--force-remove", "addons/theirs")
	u.git("update-index", "--add", "--cacheinfo", "160000,"+commit+",elsewhere")
	u.git("commit", "--quiet", "--message", "submodule beside the tree")
	if tree := poll(t, open(t, api.GitSpec{URL: w.url(), Path: "addons"}, nil), ""); names(tree) != "a.yaml" {
		t.Errorf("read %s", names(tree))
	}
}

func TestNamesThatGitWouldNotMakeAreRefused(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	blob := u.gitIn("hash-object", "x", "-w", "--stdin")
	for _, name := range []string{"..", ".git", ".GIT", `a\b`} {
		raw := string([]byte("100644 "+name+"\x00")) + string(unhex(t, blob))
		tree := u.gitIn("hash-object", raw, "-t", "tree", "-w", "--stdin", "--literally")
		commit := u.gitIn("commit-tree", "evil", tree)
		u.git("update-ref", "refs/heads/main", commit)
		refuse(t, open(t, api.GitSpec{URL: u.http().url()}, nil), fmt.Sprintf("%q", name))
	}
}

func TestATextThatNoAPIServerTakesIsMended(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	u.git("config", "i18n.commitEncoding", "latin1")
	u.commit("caf\xe9 "+strings.Repeat("x", 100_000)+"\n\nTurnup-Prune: approved", manifest(1))
	tree := poll(t, open(t, api.GitSpec{URL: u.http().url()}, nil), "")
	if len(tree.Message) > maxMessage+100 || strings.ToValidUTF8(tree.Message, "") != tree.Message || !strings.HasSuffix(tree.Message, "Turnup-Prune: approved\n") {
		t.Errorf("the message has %d bytes: %.40q", len(tree.Message), tree.Message)
	}
}

func TestARedirectIsFollowedWithoutTheLogin(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	u.commit("first", manifest(1))
	leaked := ""
	backend := u.backend()
	to := serve(t, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		leaked += request.Header.Get("Authorization")
		backend.ServeHTTP(answer, request)
	}), httptest.NewServer)
	from := serve(t, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		http.Redirect(answer, request, to.URL+request.URL.String(), http.StatusMovedPermanently)
	}), httptest.NewServer)
	poll(t, open(t, api.GitSpec{URL: from.url()}, map[string]string{"token": "hush"}), "")
	if leaked != "" {
		t.Errorf("another host was told %q", leaked)
	}
}
