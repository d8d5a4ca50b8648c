package tree

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// older makes a tree one that an earlier version of turnup wrote: file had other
// text, then and in the user's directory.
func older(t *testing.T, tree Tree, file, now, then string) {
	t.Helper()
	for _, path := range []string{tree.path(file), tree.path(record + "/base/" + file)} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(data, []byte(now)) {
			t.Fatalf("%s does not contain %q", file, now)
		}
		testdir.Write(t, path, strings.Replace(string(data), now, then, 1))
	}
}

// edit is the user's.
func edit(t *testing.T, tree Tree, file, from, to string) {
	t.Helper()
	data := content(t, tree, file)
	if !strings.Contains(data, from) {
		t.Fatalf("%s does not contain %q", file, from)
	}
	testdir.Write(t, tree.path(file), strings.Replace(data, from, to, 1))
}

func content(t *testing.T, tree Tree, file string) string {
	t.Helper()
	data, err := os.ReadFile(tree.path(file))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func update(t *testing.T, tree Tree, cfg config.Cluster, how Updating) Updated {
	t.Helper()
	u, err := tree.Update(t.Context(), cfg, how)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (u Updated) of(file string) string {
	i := slices.IndexFunc(u.Files, func(f FileUpdate) bool { return f.File == file })
	if i < 0 {
		return ""
	}
	return u.Files[i].Change
}

func TestACustomisedCoreDNSSurvivesAnUpgrade(t *testing.T) {
	tree := newTree(t)
	initTree(t, tree)
	older(t, tree, "coredns/Corefile", "    errors\n", "    errors\n    bufsize 512\n")
	older(t, tree, "coredns/service.yaml", "protocol: TCP", "protocol: TCP # as it was")
	edit(t, tree, "coredns/Corefile", "    reload", "    rewrite name old.example new.example\n    reload")
	git(t, tree.Dir, "add", ".")
	git(t, tree.Dir, "commit", "-qm", "Mine")

	u := update(t, tree, config.Default(), Updating{})
	if u.of("coredns/Corefile") != "merged" || u.of("coredns/service.yaml") != "updated" || len(u.Files) != 2 {
		t.Errorf("got %+v", u.Files)
	}
	if text := content(t, tree, "coredns/Corefile"); !strings.Contains(text, "rewrite name old.example") || strings.Contains(text, "bufsize") {
		t.Errorf("the Corefile is\n%s", text)
	}
	if broken, err := tree.Broken(); err != nil || len(broken) > 0 {
		t.Errorf("%v %v", broken, err)
	}
	if u := update(t, tree, config.Default(), Updating{}); u.Changed() {
		t.Errorf("a second update changes %+v", u.Files)
	}
	for name := range read(t, tree, true).Files {
		if strings.HasPrefix(name, record) {
			t.Errorf("%s would be shipped", name)
		}
	}
}

func TestAConflictWritesNothingUnlessToldWhat(t *testing.T) {
	tree := newTree(t)
	initTree(t, tree)
	older(t, tree, "coredns/Corefile", "    errors\n", "    errors { all }\n")
	older(t, tree, "coredns/service.yaml", "protocol: TCP", "protocol: TCP # as it was")
	edit(t, tree, "coredns/Corefile", "    errors { all }\n", "    errors { mine }\n")
	before := content(t, tree, "coredns/Corefile")

	u, err := tree.Update(t.Context(), config.Default(), Updating{})
	if !errors.Is(err, ErrConflict) || !strings.Contains(ui.HintOf(err), "--conflict") || u.of("coredns/Corefile") != "conflict" {
		t.Fatalf("got %v, %+v", err, u.Files)
	}
	for _, f := range u.Files {
		if f.Change == "conflict" && (!strings.Contains(f.Diff, "-    errors { mine }") || !strings.Contains(f.Diff, "+    errors\n")) {
			t.Errorf("the diff is\n%s", f.Diff)
		}
	}
	if content(t, tree, "coredns/Corefile") != before || !strings.Contains(content(t, tree, "coredns/service.yaml"), "as it was") {
		t.Error("something was written")
	}
	if u := update(t, tree, config.Default(), Updating{DryRun: true, Conflict: Theirs}); u.of("coredns/Corefile") != "updated" && u.of("coredns/Corefile") != "merged" {
		t.Errorf("got %+v", u.Files)
	}
	if content(t, tree, "coredns/Corefile") != before {
		t.Error("a dry run wrote")
	}

	update(t, tree, config.Default(), Updating{Conflict: Markers})
	text := content(t, tree, "coredns/Corefile")
	if !strings.Contains(text, "<<<<<<< yours\n    errors { mine }\n") {
		t.Errorf("got\n%s", text)
	}
	if names := unresolved(read(t, tree, true).Files); !slices.Equal(names, []string{"coredns/Corefile"}) {
		t.Errorf("a push would refuse %v", names)
	}
	testdir.Write(t, tree.path("coredns/Corefile"), before)
	if u := update(t, tree, config.Default(), Updating{}); u.of("coredns/Corefile") != "kept" || u.Changed() {
		t.Errorf("what was resolved once is a conflict again: %+v", u.Files)
	}
}

func TestTheConfigAddsAndRemovesAddons(t *testing.T) {
	tree := newTree(t)
	initTree(t, tree)
	cfg := config.Default()
	cfg.Addons.CoreDNS = false
	if u := update(t, tree, cfg, Updating{}); u.of("coredns/Corefile") != "removed" {
		t.Errorf("got %+v", u.Files)
	}
	if _, err := os.Stat(tree.path("coredns")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty directory is left: %v", err)
	}
	if u := update(t, tree, config.Default(), Updating{}); u.of("coredns/Corefile") != "added" {
		t.Errorf("got %+v", u.Files)
	}

	edit(t, tree, "coredns/Corefile", "    reload", "    log\n    reload")
	if u := update(t, tree, cfg, Updating{}); u.of("coredns/") != "kept" || u.Changed() {
		t.Errorf("got %+v", u.Files)
	}
	if !strings.Contains(content(t, tree, "coredns/Corefile"), "    log\n") {
		t.Error("an edit was lost")
	}
	// Its record is kept with it: once enabled again, it is merged.
	if u := update(t, tree, config.Default(), Updating{}); u.of("coredns/Corefile") != "kept" || u.Changed() {
		t.Errorf("got %+v", u.Files)
	}
}

func TestWhatTheUserDeletedStaysDeleted(t *testing.T) {
	tree := newTree(t)
	initTree(t, tree)
	if err := os.RemoveAll(tree.path("kube-proxy")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(tree.path("coredns/README.md")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if u := update(t, tree, config.Default(), Updating{}); u.Changed() || u.of("kube-proxy/") != "deleted" || u.of("coredns/README.md") != "deleted" {
			t.Errorf("got %+v", u.Files)
		}
	}
	// The way back that the record's own README names.
	if err := os.RemoveAll(tree.path(record + "/base/kube-proxy")); err != nil {
		t.Fatal(err)
	}
	if u := update(t, tree, config.Default(), Updating{}); u.of("kube-proxy/daemonset.yaml") != "added" {
		t.Errorf("got %+v", u.Files)
	}
}

func TestFilesOfTheUsersOwnAreNotTouched(t *testing.T) {
	tree := newTree(t)
	testdir.Write(t, filepath.Join(tree.Dir, "mine", "app.yaml"), "mine\n")
	testdir.Write(t, filepath.Join(tree.Dir, "README.md"), "mine\n")
	u := update(t, tree, config.Default(), Updating{})
	if !u.New || content(t, tree, "mine/app.yaml") != "mine\n" || content(t, tree, "README.md") != "mine\n" {
		t.Errorf("got %+v", u)
	}
	if content(t, tree, "cluster/values.yaml") != string(tree.values) {
		t.Error("the cluster's values are missing")
	}
}

func TestATreeWithoutARecordLosesNothing(t *testing.T) {
	tree := newTree(t)
	initTree(t, tree)
	if err := os.RemoveAll(tree.path(record)); err != nil {
		t.Fatal(err)
	}
	edit(t, tree, "coredns/Corefile", "    reload", "    log\n    reload")
	u, err := tree.Update(t.Context(), config.Default(), Updating{})
	if !errors.Is(err, ErrConflict) || u.of("coredns/Corefile") != "conflict" || len(u.Files) != 1 {
		t.Errorf("got %v, %+v", err, u.Files)
	}
	update(t, tree, config.Default(), Updating{Conflict: Mine})
	if !strings.Contains(content(t, tree, "coredns/Corefile"), "    log\n") {
		t.Error("an edit was lost")
	}
	if u := update(t, tree, config.Default(), Updating{}); u.Changed() {
		t.Errorf("got %+v", u.Files)
	}
}

// Git keeps what is the same only once, so the record costs no more than its
// names while nothing is changed.
func TestTheRecordIsSmallInGit(t *testing.T) {
	tree := newTree(t)
	initTree(t, tree)
	seen := map[string]bool{}
	twice := 0
	for _, line := range strings.Split(gitOut(t, tree.Dir, "ls-tree", "-r", "HEAD"), "\n") {
		blob := strings.Fields(line)[2]
		if seen[blob] {
			twice++
		}
		seen[blob] = true
	}
	if twice < 15 {
		t.Errorf("only %d files of the record are the tree's own", twice)
	}
}
