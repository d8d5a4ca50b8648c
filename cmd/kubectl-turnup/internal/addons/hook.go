package addons

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/tree"
	"turnup.dev/kubectl-turnup/internal/atomicfile"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// The marks around our part of a hook that others may have written, too.
const (
	hookBegin = "# >>> kubectl turnup addons hook >>>"
	hookEnd   = "# <<< kubectl turnup addons hook <<<"
)

// HookScript is our part of the post-commit hook: it pushes the tree of one
// worktree after a commit, in the foreground, and whatever comes of it, the
// commit stands.
//
// program is the plugin, workdir the directory it runs in, top the worktree, and
// words the flags that lead to the cluster and the tree.
func HookScript(program, workdir, top string, words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quote(word)
	}
	return fmt.Sprintf(`%s
# Ships the committed addon tree into the cluster. It never fails a commit.
# %[2]skubectl turnup addons hook remove%[2]s takes these lines away again.
(
  git_dir=$(git rev-parse --git-dir) || exit 0
  # A rebase makes many commits, and what they come to is known at its end only.
  if [ -d "$git_dir/rebase-merge" ] || [ -d "$git_dir/rebase-apply" ]; then exit 0; fi
  # All worktrees share this hook; the addon tree is in one of them.
  [ "$(git rev-parse --show-toplevel)" = %[3]s ] || exit 0
  turnup=%[4]s
  [ -x "$turnup" ] || turnup=kubectl-turnup
  cd %[5]s || exit 0
  "$turnup" addons push --timeout 15s %[6]s </dev/null >/dev/null ||
    echo "the commit is made, but its addon tree was not pushed; later: kubectl turnup addons push" >&2
) || true
%[7]s
`, hookBegin, "`", quote(top), quote(program), quote(workdir), strings.Join(quoted, " "), hookEnd)
}

// quote makes a word one word for the shell.
func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// Hook is the post-commit hook of the repository that the tree is in.
type Hook struct {
	// Path of the hook, whether it is there or not.
	Path   string
	script string
}

// Hook finds the repository of the tree. program is the plugin's own path.
func (a *Manager) Hook(ctx context.Context, program string) (Hook, error) {
	own := tree.Tree{Dir: a.dir}
	if a.secret != "" {
		return Hook{}, ui.Hint(fmt.Errorf("a hook is a file, and %s is a secret", a.secret), "keep it in a kubeconfig, and give --context")
	}
	if _, err := os.Stat(a.dir); err != nil {
		return Hook{}, ui.Hint(fmt.Errorf("open addon tree: %w", err), "`kubectl turnup addons init` writes one; addons.path or --tree says where it is")
	}
	out, err := own.Git(ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return Hook{}, ui.Hint(fmt.Errorf("the addon tree %s is in no git repository that git can read: %w", ui.Relative(a.dir), err),
			"`git init` there makes one; without git, `kubectl turnup addons push` ships the tree as it is")
	}
	top := strings.TrimSuffix(out, "\n")
	hooks, err := hooksDir(ctx, top)
	if err != nil {
		return Hook{}, err
	}
	workdir, err := os.Getwd()
	if err != nil {
		return Hook{}, fmt.Errorf("find the working directory: %w", err)
	}
	return Hook{Path: filepath.Join(hooks, "post-commit"), script: HookScript(program, workdir, top, a.words)}, nil
}

// hooksDir is where git looks for the hooks of a worktree. Hooks that are kept
// outside the repository are those of other repositories, too.
func hooksDir(ctx context.Context, top string) (string, error) {
	worktree := tree.Tree{Dir: top}
	inside := []string{top}
	paths := map[string]string{}
	for _, what := range []string{"--git-path hooks", "--git-common-dir"} {
		out, err := worktree.Git(ctx, append([]string{"rev-parse"}, strings.Fields(what)...)...)
		if err != nil {
			return "", fmt.Errorf("find the git hooks: %w", err)
		}
		path := strings.TrimSuffix(out, "\n")
		if !filepath.IsAbs(path) {
			path = filepath.Join(top, path)
		}
		paths[what] = path
	}
	inside = append(inside, paths["--git-common-dir"])
	dir := paths["--git-path hooks"]
	if !slices.ContainsFunc(inside, func(parent string) bool {
		return dir == parent || strings.HasPrefix(dir, parent+string(os.PathSeparator))
	}) {
		return "", ui.Hint(fmt.Errorf("core.hooksPath leads to %s, outside the repository: a hook there would run for others, too", dir),
			"`kubectl turnup addons hook print` prints it, for you to put where it belongs")
	}
	return dir, nil
}

// Script is what the hook consists of, or our part of it.
func (h Hook) Script() string { return "#!/bin/sh\n" + h.script }

// Install writes the hook, or our part into a shell script that is there already.
func (h Hook) Install() error {
	info, err := os.Lstat(h.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return h.write(h.Script(), 0o755)
	case err != nil:
		return fmt.Errorf("install the hook: %w", err)
	case !info.Mode().IsRegular():
		return h.foreign("it is no regular file")
	}
	old, err := os.ReadFile(h.Path)
	if err != nil {
		return fmt.Errorf("install the hook: %w", err)
	}
	rest, _, err := without(string(old))
	if err != nil {
		return h.foreign(err.Error())
	}
	if why := closed(rest); why != "" {
		return h.foreign(why)
	}
	if rest == "" {
		rest = "#!/bin/sh\n"
	}
	if !strings.HasSuffix(rest, "\n") {
		rest += "\n"
	}
	return h.write(rest+h.script, info.Mode().Perm()|0o111)
}

func (h Hook) foreign(why string) error {
	return ui.Hint(fmt.Errorf("%s is somebody else's hook, and nothing can be added to it: %s", ui.Relative(h.Path), why),
		"`kubectl turnup addons hook print` prints ours, for you to call from there")
}

// Remove takes our part away, and the file where nothing else is in it.
func (h Hook) Remove() (removed bool, err error) {
	info, err := os.Lstat(h.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("remove the hook: %w", err)
	}
	old, err := os.ReadFile(h.Path)
	if err != nil {
		return false, fmt.Errorf("remove the hook: %w", err)
	}
	rest, found, err := without(string(old))
	if err != nil {
		return false, h.foreign(err.Error())
	}
	if !found {
		return false, nil
	}
	if strings.TrimSpace(strings.TrimPrefix(rest, "#!/bin/sh")) == "" {
		if err := os.Remove(h.Path); err != nil {
			return false, fmt.Errorf("remove the hook: %w", err)
		}
		return true, nil
	}
	return true, h.write(rest, info.Mode().Perm())
}

func (h Hook) write(text string, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(h.Path), 0o755); err != nil {
		return fmt.Errorf("write the hook: %w", err)
	}
	return atomicfile.Write(h.Path, []byte(text), mode)
}

// without returns a hook without our part.
func without(text string) (rest string, found bool, err error) {
	before, after, begins := strings.Cut(text, hookBegin)
	if !begins {
		return text, false, nil
	}
	_, after, ends := strings.Cut(after, hookEnd)
	if !ends {
		return text, true, fmt.Errorf("our part has lost its last line, %q", hookEnd)
	}
	return before + strings.TrimPrefix(after, "\n"), true, nil
}

// closed says why lines at the end of a hook would not run, or not as a shell's.
func closed(script string) string {
	all := strings.Split(strings.TrimRight(script, "\n \t"), "\n")
	if script == "" {
		return ""
	}
	interpreter := strings.Fields(strings.TrimPrefix(all[0], "#!"))
	if !strings.HasPrefix(all[0], "#!") || len(interpreter) == 0 {
		return "it has no first line that says which shell it is for"
	}
	shell := filepath.Base(interpreter[0])
	if shell == "env" && len(interpreter) > 1 {
		shell = interpreter[len(interpreter)-1]
	}
	if !slices.Contains([]string{"sh", "bash", "dash", "ash", "ksh", "zsh"}, shell) {
		return "it is not a shell script"
	}
	for _, line := range all {
		if word, _, _ := strings.Cut(line, " "); word == "exit" || word == "exec" {
			return "it ends with " + strings.TrimSpace(line)
		}
	}
	return ""
}
