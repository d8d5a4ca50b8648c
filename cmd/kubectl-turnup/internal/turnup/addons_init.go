package turnup

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// starter is a tree for a cluster that turnup knows nothing of.
//
//go:embed all:starter
var starter embed.FS

// InitTree writes an addon tree or brings the one that is there up to date: for
// a cluster of ours what its config asks for, else a small one that explains
// itself, where there is none. The config is --config, else .config.json, else
// that of the cluster there is a record of; no cluster needs to exist.
func InitTree(ctx context.Context, req AddonsRequest, how Updating) (TreeUpdate, error) {
	own, err := ownerOf(req)
	if err != nil {
		return TreeUpdate{}, err
	}
	if own != nil {
		return own.updateTree(ctx, req.Tree, how)
	}
	a, err := OpenAddons(req)
	if err != nil {
		return TreeUpdate{}, err
	}
	if a.own != nil {
		return a.own.updateTree(ctx, a.dir, how)
	}
	return a.start(ctx, how)
}

// ownerOf is the cluster that a config of the user's describes; nil where there
// is none, or another cluster is named.
func ownerOf(req AddonsRequest) (*Turnup, error) {
	_, err := os.Stat(DefaultConfigFile)
	if req.given() || req.ConfigFile == "" && err != nil {
		return nil, nil
	}
	cfg, err := Resolve(req.Request)
	if err != nil {
		return nil, err
	}
	home, err := filepath.Abs(HomeOf(req.Base, cfg.Cluster.Name).Dir)
	if err != nil {
		return nil, fmt.Errorf("find the cluster's directory: %w", err)
	}
	return &Turnup{Home: Home{Dir: home}, Config: cfg, Out: req.Out}, nil
}

// updateTree brings the tree of this cluster up to date; dir is "" for the config's.
func (t *Turnup) updateTree(ctx context.Context, dir string, how Updating) (TreeUpdate, error) {
	file, err := t.expectedMachines()
	if err != nil {
		return TreeUpdate{}, err
	}
	tree, err := OpenTree(t.Config, file)
	if err != nil {
		return TreeUpdate{}, err
	}
	if dir != "" {
		if tree.Dir, err = filepath.Abs(dir); err != nil {
			return TreeUpdate{}, fmt.Errorf("find the addon tree: %w", err)
		}
	}
	update, err := tree.Update(ctx, t.Config, how)
	if err != nil || how.DryRun {
		return update, err
	}
	broken, err := tree.Broken()
	for _, problem := range broken {
		t.Out.Warnf("%v", problem)
	}
	return update, err
}

// start writes the tree for a cluster of others.
func (a *Addons) start(ctx context.Context, how Updating) (TreeUpdate, error) {
	update := TreeUpdate{
		APIVersion: api.GroupVersion().String(), Kind: "TreeUpdate", Tree: a.dir, Release: images.Runtime, New: true, Files: []FileUpdate{},
	}
	if entries, err := os.ReadDir(a.dir); err == nil && len(entries) > 0 {
		return update, ui.Hint(fmt.Errorf("%s is not empty, and turnup has no config of a cluster to write a tree for", relative(a.dir)),
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
		return writeShared(filepath.Join(a.dir, inside), data)
	})
	if err != nil || how.DryRun {
		return update, err
	}
	return update, Tree{Dir: a.dir}.firstCommit(ctx, "")
}
