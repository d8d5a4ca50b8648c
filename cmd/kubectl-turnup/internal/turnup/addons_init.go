package turnup

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

// Init writes an addon tree where there is none: on a cluster of ours the addons
// that its config enables, else a small one that explains itself.
func (a *Addons) Init(ctx context.Context) (Tree, error) {
	tree := Tree{Dir: a.dir}
	if entries, err := os.ReadDir(a.dir); err == nil && len(entries) > 0 {
		return tree, ui.Hint(fmt.Errorf("%s is not empty, and nothing in it is overwritten", relative(a.dir)),
			"name another directory with --tree; `kubectl turnup addons push` ships what is there")
	}
	if a.own != nil {
		tree, err := a.tree()
		if err != nil {
			return tree, err
		}
		_, err = tree.Init(ctx, a.own.Config)
		return tree, err
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
		return writeShared(filepath.Join(a.dir, inside), data)
	})
	if err != nil {
		return tree, err
	}
	return tree, tree.firstCommit(ctx, "")
}
