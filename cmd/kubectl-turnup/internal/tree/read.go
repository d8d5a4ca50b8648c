package tree

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"

	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/addons"
	"turnup.dev/kubectl-turnup/internal/ui"
)

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
			return t.onDisk("")
		}
		_, err := t.Git(ctx, "rev-parse", "--is-inside-work-tree")
		return source.Tree{}, ui.Hint(fmt.Errorf("%w (%s): %w", ErrNoGit, t.Dir, err),
			"put git on the PATH and make `git -C %s status` work, or push the tree as it is with --dirty", t.Dir)
	}
	tree, err := t.head(ctx)
	if errors.Is(err, ErrNeverCommitted) && dirty {
		return t.onDisk("")
	}
	if err != nil {
		return source.Tree{}, err
	}
	looked := []string{"status", "--porcelain", "--", "."}
	if t.values != nil {
		looked = append(looked, ":(exclude)"+addons.Values)
	}
	changed, err := t.Git(ctx, looked...)
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
	working, err := t.onDisk(tree.Revision)
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

// ReadLenient reads a tree for create: uncommitted changes are no reason to stop
// there. What is committed is shipped, and a tree that never was, as it is.
func (t Tree) ReadLenient(ctx context.Context, out *ui.Output) (source.Tree, error) {
	content, err := t.Read(ctx, false)
	switch {
	case errors.Is(err, ErrNoGit):
		out.Warnf("%v: shipping it as it is on disk", err)
		content, err = t.Read(ctx, true)
	case errors.Is(err, ErrNeverCommitted):
		out.Warnf("%v: shipping it as it is on disk; commit it to make it yours", err)
		content, err = t.Read(ctx, true)
	case errors.Is(err, ErrUncommitted):
		out.Warnf("%v\nshipping the last commit", err)
		content, err = t.Committed(ctx)
	}
	if err != nil {
		return source.Tree{}, err
	}
	return content, Sound(content.Files)
}

// onDisk reads the files on disk.
func (t Tree) onDisk(commit string) (source.Tree, error) {
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
