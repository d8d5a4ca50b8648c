package addons

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// hooked is a repository with an addon tree in it, a hook, and a program in the
// place of the plugin that notes how it was called.
type hooked struct {
	t          *testing.T
	top, calls string
	program    string
	addons     *Manager
}

func newHooked(t *testing.T) *hooked {
	t.Helper()
	dir := t.TempDir()
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	// A name that the shell would take apart.
	h := &hooked{t: t, top: filepath.Join(dir, "it's mine"), calls: filepath.Join(dir, "calls"), program: filepath.Join(dir, "plug in")}
	t.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(dir, "gitconfig"))
	t.Setenv("GIT_CONFIG_SYSTEM", os.DevNull)
	testdir.Write(t, filepath.Join(dir, "gitconfig"), "[user]\n name = n\n email = e@example.com\n[init]\n defaultBranch = main\n")
	testdir.Write(t, filepath.Join(h.top, "addons/a/kustomization.yaml"), "resources: []\n")
	t.Chdir(h.top)
	h.git("init", "--quiet")
	h.plugin(0)
	h.open()
	return h
}

func (h *hooked) open() {
	a, err := Open(Request{Request: home.Request{Base: "clusters"}, Connection: cluster.Connection{Context: "ours"}, Tree: filepath.Join(h.top, "addons"), Out: ui.New(os.Stderr, ui.Options{Quiet: true})})
	if err != nil {
		h.t.Fatal(err)
	}
	h.addons = a
}

func (h *hooked) plugin(code int) {
	script := fmt.Sprintf("#!/bin/sh\necho \"$PWD $*\" >>'%s'\nexit %d\n", h.calls, code)
	if err := os.WriteFile(h.program, []byte(script), 0o755); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hooked) git(args ...string) string {
	h.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = h.top
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (h *hooked) hook() Hook {
	h.t.Helper()
	hook, err := h.addons.Hook(context.Background(), h.program)
	if err != nil {
		h.t.Fatal(err)
	}
	return hook
}

func (h *hooked) install() {
	h.t.Helper()
	if err := h.hook().Install(); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hooked) commit(message string) string {
	h.t.Helper()
	testdir.Write(h.t, filepath.Join(h.top, "addons/a/"+message+".yaml"), message)
	h.git("add", "--all")
	return h.git("commit", "--quiet", "-m", message)
}

// pushes is how often the plugin was called so far.
func (h *hooked) pushes() int {
	data, err := os.ReadFile(h.calls)
	if err != nil {
		return 0
	}
	return strings.Count(string(data), "\n")
}

func (h *hooked) want(pushes int, what string) {
	h.t.Helper()
	if got := h.pushes(); got != pushes {
		h.t.Errorf("%s: %d pushes, want %d", what, got, pushes)
	}
}

func TestEveryCommitPushesTheTree(t *testing.T) {
	h := newHooked(t)
	h.install()
	h.commit("one")
	h.want(1, "a commit")
	data, _ := os.ReadFile(h.calls)
	want := fmt.Sprintf("%s addons push --timeout 15s --context ours --tree %s\n", h.top, filepath.Join(h.top, "addons"))
	if string(data) != want {
		t.Errorf("it was called with %q, want %q", data, want)
	}
	h.install()
	h.commit("two")
	h.want(2, "a commit after a second install")
}

func TestAPushThatFailsLeavesTheCommit(t *testing.T) {
	h := newHooked(t)
	h.plugin(1)
	h.install()
	if said := h.commit("one"); !strings.Contains(said, "was not pushed") {
		t.Errorf("it said %q", said)
	}
	h.want(1, "a commit")
	if !strings.Contains(h.git("log", "--oneline"), "one") {
		t.Error("the commit is lost")
	}
}

func TestARebasePushesNothing(t *testing.T) {
	h := newHooked(t)
	h.commit("base")
	h.git("checkout", "--quiet", "-b", "side")
	h.commit("s1")
	h.commit("s2")
	h.git("checkout", "--quiet", "main")
	h.commit("m1")
	h.git("checkout", "--quiet", "side")
	h.install()
	h.git("rebase", "--quiet", "--force-rebase", "--exec", "true", "main")
	h.want(0, "a rebase")
	h.commit("after")
	h.want(1, "the next commit")
}

func TestTheHookOfAWorktreeIsForThatWorktree(t *testing.T) {
	h := newHooked(t)
	h.commit("base")
	h.install()
	other := filepath.Join(filepath.Dir(h.top), "other")
	h.git("worktree", "add", "--quiet", "-b", "other", other)
	main := h.top
	h.top = other
	h.commit("elsewhere")
	h.want(0, "a commit in another worktree")
	if hook := h.hook(); !strings.HasPrefix(hook.Path, filepath.Join(main, ".git", "hooks")) {
		t.Errorf("the hook of the tree is %s", hook.Path)
	}
	h.open()
	h.install()
	h.commit("here")
	h.want(1, "a commit in the worktree of the tree")
}

func TestHooksPathIsRespected(t *testing.T) {
	h := newHooked(t)
	h.git("config", "core.hooksPath", "my hooks")
	h.install()
	if _, err := os.Stat(filepath.Join(h.top, "my hooks", "post-commit")); err != nil {
		t.Fatal(err)
	}
	h.commit("one")
	h.want(1, "a commit")
	h.git("config", "core.hooksPath", t.TempDir())
	if _, err := h.addons.Hook(context.Background(), h.program); err == nil || !strings.Contains(ui.HintOf(err), "hook print") {
		t.Errorf("hooks of other repositories, too: %v", err)
	}
}

func TestAForeignHookStays(t *testing.T) {
	const theirs = "#!/bin/bash\nset -e\necho theirs >>theirs.log\n"
	h := newHooked(t)
	path := h.hook().Path
	testdir.Write(t, path, theirs)
	h.install()
	h.install()
	text, _ := os.ReadFile(path)
	if !strings.HasPrefix(string(text), theirs) || strings.Count(string(text), hookBegin) != 1 {
		t.Errorf("the hook is\n%s", text)
	}
	h.commit("one")
	h.want(1, "a commit")
	if log, err := os.ReadFile(filepath.Join(h.top, "theirs.log")); err != nil || string(log) != "theirs\n" {
		t.Errorf("their part wrote %q (%v)", log, err)
	}
	if removed, err := h.hook().Remove(); !removed || err != nil {
		t.Errorf("removed %v, %v", removed, err)
	}
	if text, _ := os.ReadFile(path); string(text) != theirs {
		t.Errorf("left is\n%s", text)
	}
	if removed, err := h.hook().Remove(); removed || err != nil {
		t.Errorf("a hook that is only theirs: removed %v, %v", removed, err)
	}
}

func TestAHookThatNothingCanBeAddedToIsRefused(t *testing.T) {
	for name, theirs := range map[string]string{
		"another language":   "#!/usr/bin/env python3\nprint(1)\n",
		"no first line":      "echo hello\n",
		"it ends itself":     "#!/bin/sh\necho hello\nexit 0\n",
		"it becomes another": "#!/bin/sh\nexec other-hook \"$@\"\n",
		"our part is torn":   "#!/bin/sh\n" + hookBegin + "\n(\n",
	} {
		t.Run(name, func(t *testing.T) {
			h := newHooked(t)
			testdir.Write(t, h.hook().Path, theirs)
			if err := h.hook().Install(); err == nil || !strings.Contains(ui.HintOf(err), "hook print") {
				t.Errorf("%v, want a refusal with a way out", err)
			}
			if text, _ := os.ReadFile(h.hook().Path); string(text) != theirs {
				t.Errorf("it was changed:\n%s", text)
			}
		})
	}
	t.Run("a link", func(t *testing.T) {
		h := newHooked(t)
		target := filepath.Join(t.TempDir(), "shared")
		testdir.Write(t, target, "#!/bin/sh\n")
		if err := os.MkdirAll(filepath.Dir(h.hook().Path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, h.hook().Path); err != nil {
			t.Fatal(err)
		}
		if err := h.hook().Install(); err == nil {
			t.Error("it was written through a link")
		}
	})
}

func TestRemoveTakesAHookOfOursAway(t *testing.T) {
	h := newHooked(t)
	h.install()
	if removed, err := h.hook().Remove(); !removed || err != nil {
		t.Errorf("removed %v, %v", removed, err)
	}
	if _, err := os.Stat(h.hook().Path); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
	h.commit("one")
	h.want(0, "a commit without a hook")
}
