package turnup

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/addons"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Tree is the addon tree on disk: the user's own directory, best in git.
type Tree struct {
	Dir string
	// values is the content of cluster/values.yaml for this cluster. It is
	// shipped in place of the committed one: it follows the config, not git.
	// nil is that of a cluster without a config: the tree is shipped as it is.
	values []byte
}

// OpenTree finds the tree of a cluster: addons.path, relative to the directory
// that the command runs in.
func OpenTree(cfg config.Cluster, file machines.File) (Tree, error) {
	values, err := Values(cfg, file)
	if err != nil {
		return Tree{}, err
	}
	dir, err := filepath.Abs(filepath.FromSlash(cfg.Addons.Path))
	if err != nil {
		return Tree{}, fmt.Errorf("find addon tree: %w", err)
	}
	return Tree{Dir: dir, values: values}, nil
}

// exists reports whether there is a tree to read.
func (t Tree) exists() bool {
	_, err := os.Stat(filepath.Join(t.Dir, "cluster", "kustomization.yaml"))
	return !errors.Is(err, fs.ErrNotExist)
}

// Init writes the enabled addons into a directory that holds no tree yet, and
// commits them if that makes a new repository. A tree that is there already is
// the user's: only cluster/values.yaml is brought up to date.
func (t Tree) Init(ctx context.Context, cfg config.Cluster) (made bool, err error) {
	_, err = os.Stat(filepath.Join(t.Dir, "cluster", "kustomization.yaml"))
	switch {
	case err == nil:
		return false, t.writeValues()
	case !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("open addon tree: %w", err)
	}
	files, err := t.starting(cfg)
	if err != nil {
		return false, err
	}
	for file, data := range files {
		if err := writeShared(t.path(file), data); err != nil {
			return false, err
		}
	}
	delete(files, addons.Values)
	if err := t.writeRecord(nil, files, nil); err != nil {
		return false, err
	}
	return true, t.firstCommit(ctx, cfg.Cluster.Name)
}

// starting are the files of the tree that a new cluster starts with.
func (t Tree) starting(cfg config.Cluster) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, name := range append([]string{"cluster"}, Enabled(cfg)...) {
		err := fs.WalkDir(addons.FS, name, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || entry.Name() == "Kconfig" {
				return err // a Kconfig describes the config, not the cluster
			}
			files[file], err = fs.ReadFile(addons.FS, file)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	t.setValues(files)
	return files, nil
}

func (t Tree) writeValues() error { return writeShared(t.path(addons.Values), t.values) }

// writeShared writes a file that others may read: the tree is no secret.
func writeShared(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write addon tree: %w", err)
	}
	return writeFile(path, data, 0o644)
}

// firstCommit makes a new tree a git repository of its own. Inside somebody's
// repository it commits nothing: that is for its owner to do.
func (t Tree) firstCommit(ctx context.Context, cluster string) error {
	if _, err := exec.LookPath("git"); err != nil || t.inRepository() || t.inGit(ctx) {
		return nil
	}
	// The user's hooks and signing keys are for the user's own commits.
	settings := []string{"-c", "core.hooksPath=" + os.DevNull}
	for key, value := range map[string]string{"user.name": "kubectl turnup", "user.email": "turnup@localhost"} {
		if _, err := t.git(ctx, "config", key); err != nil {
			settings = append(settings, "-c", key+"="+value)
		}
	}
	first := "Start an addon tree"
	if cluster != "" {
		first = "Start with the addons of cluster " + cluster
	}
	commit := slices.Concat(settings, []string{"commit", "--quiet", "--no-verify", "--no-gpg-sign", "-m", first})
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "--all", "."}, commit} {
		if _, err := t.git(ctx, args...); err != nil {
			return fmt.Errorf("commit the new addon tree: %w", err)
		}
	}
	return nil
}

func (t Tree) inGit(ctx context.Context) bool {
	out, err := t.git(ctx, "rev-parse", "--is-inside-work-tree")
	return err == nil && strings.TrimSpace(out) == "true"
}

func (t Tree) git(ctx context.Context, args ...string) (string, error) {
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

// What Read refuses without dirty.
var (
	// ErrUncommitted: the tree has changes that git does not know.
	ErrUncommitted = errors.New("the addon tree has changes that are not committed")
	// ErrNoGit: the tree is in a repository that git cannot read.
	ErrNoGit = errors.New("the addon tree is in a git repository, and git cannot tell what is committed")
	// ErrNeverCommitted: git knows nothing of the tree.
	ErrNeverCommitted = errors.New("the addon tree is not committed yet")
)

// Read returns the tree as it is committed or, with dirty, as it is on disk.
// A tree outside git can only be read as it is on disk.
func (t Tree) Read(ctx context.Context, dirty bool) (source.Tree, error) {
	if _, err := os.Stat(t.Dir); err != nil {
		return source.Tree{}, ui.Hint(fmt.Errorf("open addon tree: %w", err), "`kubectl turnup addons init` writes one; addons.path or --tree says where it is")
	}
	if !t.inGit(ctx) {
		if dirty || !t.inRepository() {
			return t.working("")
		}
		_, err := t.git(ctx, "rev-parse", "--is-inside-work-tree")
		return source.Tree{}, ui.Hint(fmt.Errorf("%w (%s): %w", ErrNoGit, t.Dir, err),
			"put git on the PATH and make `git -C %s status` work, or push the tree as it is with --dirty", t.Dir)
	}
	tree, err := t.head(ctx)
	if errors.Is(err, ErrNeverCommitted) && dirty {
		return t.working("")
	}
	if err != nil {
		return source.Tree{}, err
	}
	looked := []string{"status", "--porcelain", "--", "."}
	if t.values != nil {
		looked = append(looked, ":(exclude)"+addons.Values)
	}
	changed, err := t.git(ctx, looked...)
	if err != nil {
		return source.Tree{}, err
	}
	switch {
	case strings.TrimSpace(changed) == "":
		tree.Files, err = t.files(ctx, tree.Revision)
		return tree, err
	case !dirty:
		return source.Tree{}, ui.Hint(fmt.Errorf("%w:\n%s", ErrUncommitted, strings.TrimRight(changed, "\n")),
			"commit them, or push them as they are with --dirty")
	}
	working, err := t.working(tree.Revision)
	working.Author, working.Message = tree.Author, tree.Message
	return working, err
}

// Committed returns the tree of the last commit, whatever is on disk.
func (t Tree) Committed(ctx context.Context) (source.Tree, error) {
	tree, err := t.head(ctx)
	if err != nil {
		return source.Tree{}, err
	}
	tree.Files, err = t.files(ctx, tree.Revision)
	return tree, err
}

// longest is how much of a commit's message is shipped: it becomes an annotation.
const longest = 32 << 10

// head describes the last commit that touched the tree, without its files. The
// whole message goes along: a trailer in it may approve what the commit prunes.
func (t Tree) head(ctx context.Context) (source.Tree, error) {
	out, err := t.git(ctx, "log", "-1", "--no-show-signature", "--format=%H%n%an <%ae>%n%B", "--", ".")
	if lines := strings.SplitN(strings.TrimRight(out, "\n"), "\n", 3); err == nil && len(lines) == 3 {
		message := strings.ToValidUTF8(lines[2][:min(len(lines[2]), longest)], "")
		return source.Tree{Revision: lines[0], Author: lines[1], Message: message}, nil
	}
	return source.Tree{}, ui.Hint(fmt.Errorf("%w (%s)", ErrNeverCommitted, t.Dir),
		"`git add %s && git commit`, or push it as it is with --dirty", t.Dir)
}

// working reads the files on disk.
func (t Tree) working(commit string) (source.Tree, error) {
	files, err := source.Files(os.DirFS(t.Dir))
	if err != nil {
		return source.Tree{}, err
	}
	t.ready(files)
	tree := source.Tree{Files: files}
	if commit != "" {
		tree.Revision = commit + "-dirty"
	}
	return tree, nil
}

// files reads the files of a commit out of git itself.
func (t Tree) files(ctx context.Context, commit string) (map[string][]byte, error) {
	prefix, err := t.git(ctx, "rev-parse", "--show-prefix")
	if err != nil {
		return nil, err
	}
	// git archive takes the directory it runs in for part of the tree.
	top := Tree{Dir: filepath.Join(t.Dir, strings.Repeat("../", strings.Count(strings.TrimSpace(prefix), "/")))}
	archive, err := top.git(ctx, "archive", "--format=tar", commit+":"+strings.TrimSuffix(strings.TrimSpace(prefix), "/"))
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

// ready makes files of the tree what is shipped of them.
func (t Tree) ready(files map[string][]byte) {
	maps.DeleteFunc(files, func(name string, _ []byte) bool { return strings.HasPrefix(name, record+"/") })
	t.setValues(files)
}

// setValues puts this cluster's values in. A tree without the component that they
// are part of has nobody who reads them; an empty one stays empty.
func (t Tree) setValues(files map[string][]byte) {
	if t.values != nil && files["cluster/kustomization.yaml"] != nil {
		files[addons.Values] = t.values
	}
}
