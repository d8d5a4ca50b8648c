package tree

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// firstCommit makes a new tree a git repository of its own. Inside somebody's
// repository it commits nothing: that is for its owner to do.
func (t Tree) firstCommit(ctx context.Context, cluster string) error {
	if _, err := exec.LookPath("git"); err != nil || t.inRepository() || t.inGit(ctx) {
		return nil
	}
	// The user's hooks and signing keys are for the user's own commits.
	settings := []string{"-c", "core.hooksPath=" + os.DevNull}
	for key, value := range map[string]string{"user.name": "kubectl turnup", "user.email": "turnup@localhost"} {
		if _, err := t.Git(ctx, "config", key); err != nil {
			settings = append(settings, "-c", key+"="+value)
		}
	}
	first := "Start an addon tree"
	if cluster != "" {
		first = "Start with the addons of cluster " + cluster
	}
	commit := slices.Concat(settings, []string{"commit", "--quiet", "--no-verify", "--no-gpg-sign", "-m", first})
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "--all", "."}, commit} {
		if _, err := t.Git(ctx, args...); err != nil {
			return fmt.Errorf("commit the new addon tree: %w", err)
		}
	}
	return nil
}

func (t Tree) inGit(ctx context.Context) bool {
	out, err := t.Git(ctx, "rev-parse", "--is-inside-work-tree")
	return err == nil && strings.TrimSpace(out) == "true"
}

// Git runs git in the tree, and returns what it prints.
func (t Tree) Git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", t.Dir}, args...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), ofAnotherRepository)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// ofAnotherRepository picks out the variables by which git tells its hooks which
// repository they run for. Ours is the one that the tree is in.
func ofAnotherRepository(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	switch name {
	case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR",
		"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE":
		return true
	}
	return false
}

// inRepository reports whether the tree is below a git repository, without git.
func (t Tree) inRepository() bool {
	for dir := t.Dir; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}

// longest is how much of a commit's message is shipped: it becomes an annotation.
const longest = 32 << 10

// head describes the last commit that touched the tree, without its files. The
// whole message goes along: a trailer in it may approve what the commit prunes.
func (t Tree) head(ctx context.Context) (source.Tree, error) {
	out, err := t.Git(ctx, "log", "-1", "--no-show-signature", "--format=%H%n%an <%ae>%n%B", "--", ".")
	if lines := strings.SplitN(strings.TrimRight(out, "\n"), "\n", 3); err == nil && len(lines) == 3 {
		message := strings.ToValidUTF8(lines[2][:min(len(lines[2]), longest)], "")
		return source.Tree{Revision: lines[0], Author: lines[1], Message: message}, nil
	}
	return source.Tree{}, ui.Hint(fmt.Errorf("%w (%s)", ErrNeverCommitted, t.Dir),
		"`git add %s && git commit`, or push it as it is with --dirty", t.Dir)
}

// files reads the files of a commit out of git itself.
func (t Tree) files(ctx context.Context, commit string) (map[string][]byte, error) {
	prefix, err := t.Git(ctx, "rev-parse", "--show-prefix")
	if err != nil {
		return nil, err
	}
	// git archive takes the directory it runs in for part of the tree.
	top := Tree{Dir: filepath.Join(t.Dir, strings.Repeat("../", strings.Count(strings.TrimSpace(prefix), "/")))}
	archive, err := top.Git(ctx, "archive", "--format=tar", commit+":"+strings.TrimSuffix(strings.TrimSpace(prefix), "/"))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for r := tar.NewReader(strings.NewReader(archive)); ; {
		entry, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read commit %s: %w", commit, err)
		}
		switch entry.Typeflag {
		case tar.TypeDir, tar.TypeXGlobalHeader:
		case tar.TypeReg:
			data, err := io.ReadAll(r)
			if err != nil {
				return nil, fmt.Errorf("read commit %s: %w", commit, err)
			}
			files[path.Clean(entry.Name)] = data
		default:
			return nil, fmt.Errorf("read commit %s: %s is a link; an addon tree holds regular files only", commit, entry.Name)
		}
	}
	t.ready(files)
	return files, nil
}
