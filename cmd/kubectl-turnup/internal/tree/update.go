package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/addons"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// record is the directory of the tree that says what turnup wrote, below base/
// file by file: what the user's own edits are told from. It is committed with
// the tree, where git keeps a file that is the same only once, and not shipped.
const record = ".turnup"

// recordReadme is for the person who finds the directory.
const recordReadme = `What kubectl turnup (%s) wrote into this addon tree, as it wrote it.
` + "`kubectl turnup addons init`" + ` tells your edits from its own by it. Commit it, and leave it alone.

    git diff --no-index .turnup/base/coredns coredns    # what is yours in an addon
    rm -r .turnup/base/coredns                          # have an addon back that you deleted
`

// Updating is how a tree is brought up to date.
type Updating struct {
	DryRun bool
	// Conflict says what becomes of lines that both sides changed: Mine, Theirs or
	// Markers. With "" a conflict stops everything.
	Conflict string
}

// The ways to resolve a conflict.
const (
	Mine    = "mine"
	Theirs  = "theirs"
	Markers = "markers"
)

// ErrConflict says that the user and this version changed the same lines.
var ErrConflict = errors.New("you and this version changed the same lines")

// Updated is what an update of a tree came to.
type Updated struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Tree is its directory.
	Tree string `json:"tree"`
	// Release is the version the tree is brought to.
	Release string `json:"release"`
	// New: there was no tree yet.
	New   bool         `json:"new"`
	Files []FileUpdate `json:"files"`
}

// Changed tells whether anything is, or would be, written.
func (u Updated) Changed() bool {
	return slices.ContainsFunc(u.Files, func(f FileUpdate) bool { return f.Change != keptChange && f.Change != deletedChange })
}

// Update writes the tree that the config asks for, or brings the one that is
// there up to date. What the user did not touch is updated, what only the user
// changed stays, and what both changed is merged; where that is impossible
// nothing is written, unless Conflict says what to do. The result says what
// happened to each file also where there is an error.
func (t Tree) Update(ctx context.Context, cfg config.Cluster, how Updating) (Updated, error) {
	update := t.newUpdate()
	theirs, err := t.starting(cfg)
	if err != nil {
		return update, err
	}
	delete(theirs, addons.Values) // generated, not merged
	mine, base, err := t.sides()
	if err != nil {
		return update, err
	}
	plan := planUpdate(base, mine, theirs, how.Conflict)
	update.Files = append(update.Files, plan...)
	if !bytes.Equal(mine[addons.Values], t.values) {
		update.Files = append(update.Files, FileUpdate{File: addons.Values, Change: "generated", content: t.values})
	}
	if conflicts := conflictsIn(plan); len(conflicts) > 0 {
		return update, ui.Hint(fmt.Errorf("%w: %s; nothing was written", ErrConflict, strings.Join(conflicts, ", ")),
			"--conflict=mine keeps yours in those lines, theirs takes the new ones (as the diff shows), markers leaves both for you to edit")
	}
	if how.DryRun {
		return update, nil
	}
	if err := t.apply(update.Files, base, theirs); err != nil {
		return update, err
	}
	if update.New {
		return update, t.firstCommit(ctx, cfg.Cluster.Name)
	}
	return update, nil
}

func (t Tree) newUpdate() Updated {
	return Updated{
		APIVersion: api.GroupVersion().String(), Kind: "TreeUpdate", Tree: t.Dir, Release: images.Runtime,
		New: !t.Exists(), Files: []FileUpdate{},
	}
}

func conflictsIn(files []FileUpdate) []string {
	var names []string
	for _, f := range files {
		if f.Change == conflictChange {
			names = append(names, f.File)
		}
	}
	return names
}

// sides reads the files on disk, and what turnup wrote last time.
func (t Tree) sides() (mine, base map[string][]byte, err error) {
	mine, base = map[string][]byte{}, map[string][]byte{}
	if _, err := os.Stat(t.Dir); errors.Is(err, fs.ErrNotExist) {
		return mine, base, nil
	}
	all, err := source.Files(os.DirFS(t.Dir))
	if err != nil {
		return nil, nil, err
	}
	for name, data := range all {
		if inside, ok := strings.CutPrefix(name, record+"/base/"); ok {
			base[inside] = data
		} else if !strings.HasPrefix(name, record+"/") {
			mine[name] = data
		}
	}
	return mine, base, nil
}

// apply writes the files and then, for each, the record: a run that is killed in
// between finds its own work done the next time.
func (t Tree) apply(files []FileUpdate, base, theirs map[string][]byte) error {
	for _, f := range files {
		switch {
		case f.content != nil:
			if err := writeShared(t.path(f.File), f.content); err != nil {
				return err
			}
		case f.Change == removedChange:
			if err := t.remove(f.File); err != nil {
				return err
			}
		default:
			continue
		}
		if data, known := theirs[f.File]; known {
			if err := writeShared(t.path(path.Join(record, "base", f.File)), data); err != nil {
				return err
			}
		}
	}
	return t.writeRecord(base, theirs, keptWhole(files))
}

// writeRecord makes the record that of theirs. Addons that left the config, and
// stay because the user changed them, keep theirs.
func (t Tree) writeRecord(base, theirs map[string][]byte, kept []string) error {
	for name, data := range theirs {
		if err := writeShared(t.path(path.Join(record, "base", name)), data); err != nil {
			return err
		}
	}
	for name := range base {
		if _, still := theirs[name]; still || slices.Contains(kept, addonOf(name)) {
			continue
		}
		if err := t.remove(path.Join(record, "base", name)); err != nil {
			return err
		}
	}
	return writeShared(t.path(path.Join(record, "README.md")), fmt.Appendf(nil, recordReadme, images.Runtime))
}

func keptWhole(files []FileUpdate) []string {
	var names []string
	for _, f := range files {
		if f.Change == keptChange && strings.HasSuffix(f.File, "/") {
			names = append(names, strings.TrimSuffix(f.File, "/"))
		}
	}
	return names
}

func (t Tree) path(name string) string { return filepath.Join(t.Dir, filepath.FromSlash(name)) }

// remove removes a file, and the directories that are empty without it.
func (t Tree) remove(name string) error {
	if err := os.Remove(t.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("update addon tree: %w", err)
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if os.Remove(t.path(dir)) != nil {
			break // not empty
		}
	}
	return nil
}

// Broken are the addons of the tree on disk that cannot be built.
func (t Tree) Broken() ([]error, error) {
	content, err := t.onDisk("")
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, addon := range build.New().Build(content.Files) {
		if addon.Err != nil {
			errs = append(errs, addon.Err)
		}
	}
	return errs, nil
}
