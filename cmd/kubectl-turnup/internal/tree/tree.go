// Package tree is the addon tree on disk: the user's own directory, best in git.
// It writes one, brings one up to date, and reads what is to be shipped of it. It
// knows no cluster.
package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"turnup.dev/kubectl-turnup/addons"
	"turnup.dev/kubectl-turnup/internal/atomicfile"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// Tree is an addon tree on disk.
type Tree struct {
	Dir string
	// values is the content of cluster/values.yaml for this cluster. It is
	// shipped in place of the committed one: it follows the config, not git.
	// nil is that of a cluster without a config: the tree is shipped as it is.
	values []byte
}

// Open finds the tree of a cluster: addons.path, relative to the directory
// that the command runs in.
func Open(cfg config.Cluster, file machines.File) (Tree, error) {
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

// Exists reports whether there is a tree to read.
func (t Tree) Exists() bool {
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

// Files are those on disk, committed or not, or, where there is no tree, those
// that Init would write.
func (t Tree) Files(cfg config.Cluster) (map[string][]byte, error) {
	if !t.Exists() {
		return t.starting(cfg)
	}
	content, err := t.onDisk("")
	return content.Files, err
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
	return atomicfile.Write(path, data, 0o644)
}
