package tree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/addons"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/golden"
	"turnup.dev/kubectl-turnup/internal/machines"
)

func newTree(t *testing.T) Tree {
	t.Helper()
	testdir.Apart(t)
	tree, err := Open(config.Default(), machines.New(testdir.Endpoint, nil))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func initTree(t *testing.T, tree Tree) {
	t.Helper()
	made, err := tree.Init(context.Background(), config.Default())
	if err != nil || !made {
		t.Fatalf("made %v, %v", made, err)
	}
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	args = append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)
	if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func read(t *testing.T, tree Tree, dirty bool) source.Tree {
	t.Helper()
	content, err := tree.Read(context.Background(), dirty)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestTheCommittedValuesAreThoseOfTheDefaultConfig(t *testing.T) {
	want, err := Values(config.Default(), machines.New(testdir.Endpoint, nil))
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, filepath.Join("..", "..", "..", "..", "addons", filepath.FromSlash(addons.Values)), string(want))
}

func TestANewTreeIsARepositoryOfItsOwnWithOneCommit(t *testing.T) {
	tree := newTree(t)
	initTree(t, tree)
	content := read(t, tree, false)
	if len(content.Revision) != 40 {
		t.Errorf("revision %q is no commit", content.Revision)
	}
	for _, name := range []string{"coredns/kustomization.yaml", "flannel/kustomization.yaml", "kube-proxy/kustomization.yaml", addons.Values} {
		if content.Files[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestATreeThatIsThereIsNeverWrittenOver(t *testing.T) {
	tree := newTree(t)
	initTree(t, tree)
	mine := filepath.Join(tree.Dir, "coredns", "service.yaml")
	testdir.Write(t, mine, "mine\n")
	if err := os.RemoveAll(filepath.Join(tree.Dir, "kube-proxy")); err != nil {
		t.Fatal(err)
	}
	testdir.Write(t, filepath.Join(tree.Dir, filepath.FromSlash(addons.Values)), "stale\n")
	made, err := tree.Init(context.Background(), config.Default())
	if err != nil || made {
		t.Fatalf("made %v, %v", made, err)
	}
	if data, _ := os.ReadFile(mine); string(data) != "mine\n" {
		t.Error("an edit was lost")
	}
	if _, err := os.Stat(filepath.Join(tree.Dir, "kube-proxy")); err == nil {
		t.Error("a removed addon came back")
	}
	if data, _ := os.ReadFile(filepath.Join(tree.Dir, filepath.FromSlash(addons.Values))); string(data) != string(tree.values) {
		t.Error("the cluster's values were not brought up to date")
	}
}

func TestUncommittedChangesAreShippedOnlyWhenAskedFor(t *testing.T) {
	tree := newTree(t)
	initTree(t, tree)
	commit := read(t, tree, false)
	testdir.Write(t, filepath.Join(tree.Dir, "coredns", "service.yaml"), "changed\n")

	_, err := tree.Read(context.Background(), false)
	if !errors.Is(err, ErrUncommitted) || !strings.Contains(err.Error(), "coredns/service.yaml") {
		t.Errorf("got %v, want the changed file named", err)
	}
	dirty := read(t, tree, true)
	if dirty.Revision != commit.Revision+"-dirty" || string(dirty.Files["coredns/service.yaml"]) != "changed\n" {
		t.Errorf("dirty tree is %q with %q", dirty.Revision, dirty.Files["coredns/service.yaml"])
	}
	last, err := tree.Committed(context.Background())
	if err != nil || string(last.Files["coredns/service.yaml"]) == "changed\n" {
		t.Errorf("the last commit has the change: %v", err)
	}

	git(t, tree.Dir, "commit", "-qam", "Change it\n\nBecause.\n\nTurnup-Prune: approved")
	if next := read(t, tree, false); next.Revision == commit.Revision || next.Message != "Change it\n\nBecause.\n\nTurnup-Prune: approved" {
		t.Errorf("revision %s %q after the commit", next.Revision, next.Message)
	}
}

func TestGeneratedValuesAreNoUncommittedChange(t *testing.T) {
	tree := newTree(t)
	initTree(t, tree)
	testdir.Write(t, filepath.Join(tree.Dir, filepath.FromSlash(addons.Values)), "another cluster's\n")
	if content := read(t, tree, false); string(content.Files[addons.Values]) != string(tree.values) {
		t.Error("the values shipped are not this cluster's")
	}
}

func TestATreeInSomebodysRepositoryIsNotCommittedForThem(t *testing.T) {
	tree := newTree(t)
	git(t, ".", "init", "-q")
	initTree(t, tree)
	if _, err := os.Stat(filepath.Join(tree.Dir, ".git")); err == nil {
		t.Error("a repository was made inside a repository")
	}
	if _, err := tree.Read(context.Background(), false); !errors.Is(err, ErrNeverCommitted) {
		t.Errorf("got %v, want ErrNeverCommitted", err)
	}
	if content := read(t, tree, true); content.Revision != "" || content.Files["coredns/kustomization.yaml"] == nil {
		t.Errorf("revision %q, %d files", content.Revision, len(content.Files))
	}
	git(t, ".", "add", "addons")
	git(t, ".", "commit", "-qm", "Add addons")
	if content := read(t, tree, false); content.Files["coredns/kustomization.yaml"] == nil || len(content.Revision) != 40 {
		t.Error("the committed tree below a repository's root is not found")
	}
}

func TestALinkInACommittedTreeIsRefused(t *testing.T) {
	tree := newTree(t)
	initTree(t, tree)
	if err := os.Symlink("/etc/passwd", filepath.Join(tree.Dir, "coredns", "passwd")); err != nil {
		t.Fatal(err)
	}
	git(t, tree.Dir, "add", ".")
	git(t, tree.Dir, "commit", "-qm", "A link")
	if _, err := tree.Read(context.Background(), false); err == nil || !strings.Contains(err.Error(), "coredns/passwd") {
		t.Errorf("got %v, want the link named", err)
	}
}

func TestWithoutGitNothingUncommittedIsShippedUnasked(t *testing.T) {
	tree := newTree(t)
	initTree(t, tree)
	testdir.Write(t, filepath.Join(tree.Dir, "coredns", "service.yaml"), "changed\n")
	t.Setenv("PATH", t.TempDir())
	if _, err := tree.Read(context.Background(), false); !errors.Is(err, ErrNoGit) {
		t.Errorf("got %v, want ErrNoGit", err)
	}
	if content := read(t, tree, true); string(content.Files["coredns/service.yaml"]) != "changed\n" {
		t.Error("--dirty needs git")
	}
	if err := os.RemoveAll(filepath.Join(tree.Dir, ".git")); err != nil {
		t.Fatal(err)
	}
	if content := read(t, tree, false); content.Revision != "" {
		t.Errorf("a tree outside git has revision %q", content.Revision)
	}
}

func TestTheUsersGitConfigDoesNotMatter(t *testing.T) {
	tree := newTree(t)
	hooks := t.TempDir()
	for _, hook := range []string{"pre-commit", "prepare-commit-msg", "post-commit"} {
		testdir.Write(t, filepath.Join(hooks, hook), "#!/bin/sh\ntouch '"+hooks+"/ran'\nexit 1\n")
		if err := os.Chmod(filepath.Join(hooks, hook), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	testdir.Write(t, filepath.Join(os.Getenv("HOME"), ".gitconfig"), `[user]
	email = me@example.com
	useConfigOnly = true
[commit]
	gpgSign = true
[gpg]
	program = false
[log]
	showSignature = true
[color]
	ui = always
[core]
	hooksPath = `+hooks+"\n")
	initTree(t, tree)
	if _, err := os.Stat(filepath.Join(hooks, "ran")); err == nil {
		t.Error("a hook ran")
	}
	if content := read(t, tree, false); len(content.Revision) != 40 || !strings.HasSuffix(content.Author, "<me@example.com>") {
		t.Errorf("revision %q by %s", content.Revision, content.Author)
	}
	// A commit that claims to be signed: showing that would garble the log.
	object := "tree " + gitOut(t, tree.Dir, "rev-parse", "HEAD^{tree}") + "\nauthor a <a@example.com> 1 +0000\n" +
		"committer a <a@example.com> 1 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\nSigned\n"
	file := filepath.Join(t.TempDir(), "commit")
	testdir.Write(t, file, object)
	signed := gitOut(t, tree.Dir, "hash-object", "-t", "commit", "-w", file)
	git(t, tree.Dir, "update-ref", "HEAD", signed)
	if content := read(t, tree, false); content.Revision != signed {
		t.Errorf("revision %q, want %s", content.Revision, signed)
	}
}

func TestAHookOfAnotherRepositoryCanReadTheTree(t *testing.T) {
	tree := newTree(t)
	initTree(t, tree)
	want := read(t, tree, false).Revision
	other := t.TempDir()
	git(t, other, "init", "-q")
	t.Setenv("GIT_DIR", filepath.Join(other, ".git"))
	t.Setenv("GIT_INDEX_FILE", ".git/index")
	if got := read(t, tree, false).Revision; got != want {
		t.Errorf("revision %q, want %q", got, want)
	}
}

func gitOut(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).Output()
	if err != nil {
		t.Fatalf("git %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

func TestAnEmptyTreeIsShippedEmpty(t *testing.T) {
	tree := newTree(t)
	initTree(t, tree)
	git(t, tree.Dir, "rm", "-rq", ".")
	git(t, tree.Dir, "commit", "-qm", "Oops")
	if content := read(t, tree, false); len(content.Files) != 0 {
		t.Errorf("%d files are shipped", len(content.Files))
	}
}

// What lies in this checkout is what trees of users start from, all of it at once.
func TestTheCheckoutsOwnTreeIsATree(t *testing.T) {
	files, err := source.Files(os.DirFS(filepath.Join("..", "..", "..", "..", "addons")))
	if err != nil {
		t.Fatal(err)
	}
	if problems := build.Problems(files); len(problems) > 0 {
		t.Error(problems)
	}
	var names []string
	for _, addon := range plan.Make(build.New().Build(files), "", func(object.Ref) string { return "" }) {
		names = append(names, addon.Name)
		if addon.Err != nil {
			t.Errorf("addon %s: %v", addon.Name, addon.Err)
		}
	}
	entries, err := fs.ReadDir(addons.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	var directories []string
	for _, entry := range entries {
		if entry.Name() != "cluster" {
			directories = append(directories, entry.Name())
		}
	}
	if diff := cmp.Diff(directories, names); diff != "" {
		t.Error(diff)
	}
}
