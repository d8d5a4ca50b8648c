package tree

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// starter is a tree for a cluster that turnup knows nothing of.
//
//go:embed all:starter
var starter embed.FS

// Start writes a small tree that explains itself into a directory that is empty,
// for a cluster that turnup has no config of.
func Start(ctx context.Context, dir string, how Updating) (Updated, error) {
	t := Tree{Dir: dir}
	update := t.newUpdate()
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return update, ui.Hint(fmt.Errorf("%s is not empty, and turnup has no config of a cluster to write a tree for", ui.Relative(dir)),
			"name another directory with --tree; `kubectl turnup addons push` ships what is there")
	}
	err := fs.WalkDir(starter, "starter", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := starter.ReadFile(file)
		if err != nil {
			return err
		}
		inside, err := filepath.Rel("starter", file)
		if err != nil {
			return err
		}
		update.Files = append(update.Files, FileUpdate{File: filepath.ToSlash(inside), Change: addedChange})
		if how.DryRun {
			return nil
		}
		return writeShared(filepath.Join(dir, inside), data)
	})
	if err != nil || how.DryRun {
		return update, err
	}
	return update, t.firstCommit(ctx, "")
}
