package git

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"
)

// listing is what is below a directory: files and links by path, contents by hash.
type listing struct {
	objects objects
	limits  limits
	files   map[string]plumbing.Hash
	links   map[string]plumbing.Hash
	visited int
}

// list walks down to spec.git.path, and then over everything below it.
func (o objects) list(root plumbing.Hash, dir string, limits limits) (*listing, error) {
	l := &listing{objects: o, limits: limits, files: map[string]plumbing.Hash{}, links: map[string]plumbing.Hash{}}
	if dir != "." {
		below := ""
		for name := range strings.SplitSeq(dir, "/") {
			below = path.Join(below, name)
			entries, err := l.entries(root)
			if err != nil {
				return nil, fmt.Errorf("spec.git.path %s: %w", below, err)
			}
			at := slices.IndexFunc(entries, func(entry gitobject.TreeEntry) bool { return entry.Name == name })
			if at < 0 {
				return nil, fmt.Errorf("spec.git.path: there is no %s in it%s", below, directories(entries))
			}
			if mode := entries[at].Mode; mode != filemode.Dir {
				return nil, fmt.Errorf("spec.git.path: %s is a %s, not a directory", below, describe(mode))
			}
			root = entries[at].Hash
		}
	}
	return l, l.walk(root, "", 0)
}

// directories lists a few of those that could have been meant.
func directories(entries []gitobject.TreeEntry) string {
	var names []string
	for _, entry := range entries {
		if entry.Mode == filemode.Dir && len(names) < 8 {
			names = append(names, entry.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; beside it are the directories " + strings.Join(names, ", ")
}

func describe(mode filemode.FileMode) string {
	switch mode {
	case filemode.Regular, filemode.Executable, filemode.Deprecated:
		return "file"
	case filemode.Symlink:
		return "symbolic link"
	case filemode.Submodule:
		return "submodule"
	}
	return "entry of mode " + mode.String()
}

func (l *listing) entries(hash plumbing.Hash) ([]gitobject.TreeEntry, error) {
	encoded, err := l.objects.encoded(hash, plumbing.TreeObject)
	if err != nil {
		return nil, err
	}
	var tree gitobject.Tree
	if err := tree.Decode(encoded); err != nil {
		return nil, err
	}
	return tree.Entries, nil
}

func (l *listing) walk(hash plumbing.Hash, dir string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%s: more than %d directories deep", dir, maxDepth)
	}
	entries, err := l.entries(hash)
	if err != nil {
		return fmt.Errorf("directory %q: %w", dir, err)
	}
	for _, entry := range entries {
		name := path.Join(dir, entry.Name)
		// Git makes no such names, but a server can.
		if entry.Name == "" || entry.Name == "." || entry.Name == ".." || strings.EqualFold(entry.Name, ".git") ||
			strings.ContainsAny(entry.Name, "/\\\x00") || strings.ToValidUTF8(entry.Name, "") != entry.Name {
			return fmt.Errorf("%q is not a path that a tree may hold; rename it", name)
		}
		if l.visited++; l.visited > 4*l.limits.files {
			return fmt.Errorf("more than %d files and directories; is spec.git.path the addons' directory?", 4*l.limits.files)
		}
		switch entry.Mode {
		case filemode.Dir:
			if err := l.walk(entry.Hash, name, depth+1); err != nil {
				return err
			}
			continue
		case filemode.Regular, filemode.Executable, filemode.Deprecated:
			l.files[name] = entry.Hash
		case filemode.Symlink:
			l.links[name] = entry.Hash
		case filemode.Submodule:
			return fmt.Errorf("%s is a submodule, which an addon tree cannot hold; commit its files instead", name)
		default:
			return fmt.Errorf("%s is an %s", name, describe(entry.Mode))
		}
		if len(l.files)+len(l.links) > l.limits.files {
			return fmt.Errorf("more than %d files; is spec.git.path the addons' directory?", l.limits.files)
		}
	}
	return nil
}

// missing are the contents that a partial fetch left out.
func (l *listing) missing() []plumbing.Hash {
	var hashes []plumbing.Hash
	for _, names := range []map[string]plumbing.Hash{l.files, l.links} {
		for _, hash := range names {
			if _, found := l.objects[hash]; !found {
				hashes = append(hashes, hash)
			}
		}
	}
	plumbing.HashesSort(hashes)
	return slices.Compact(hashes)
}

// read takes the files' contents out.
func (l *listing) read() (map[string][]byte, error) {
	files, total := make(map[string][]byte, len(l.files)+len(l.links)), 0
	for name, hash := range l.files {
		data, err := l.content(hash)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if total += len(data); total > l.limits.bytes {
			return nil, l.tooMuch()
		}
		files[name] = data
	}
	for name := range l.links {
		data, err := l.follow(name)
		if err != nil {
			return nil, fmt.Errorf("symbolic link %s: %w", name, err)
		}
		if total += len(data); total > l.limits.bytes {
			return nil, l.tooMuch()
		}
		files[name] = data
	}
	return files, nil
}

func (l *listing) tooMuch() error {
	return fmt.Errorf("its files are more than %d MiB; is spec.git.path the addons' directory?", l.limits.bytes>>20)
}

func (l *listing) content(hash plumbing.Hash) ([]byte, error) {
	found, ok := l.objects[hash]
	if !ok || found.kind != plumbing.BlobObject {
		return nil, fmt.Errorf("file content %s is not in what the server sent", hash)
	}
	// What a delta was resolved into has room to grow, and would keep it.
	if cap(found.data) > len(found.data)+len(found.data)/4+64 {
		return bytes.Clone(found.data), nil
	}
	return found.data, nil
}

// follow resolves a link by name only: what it leads to is a file of the tree, or an error.
func (l *listing) follow(name string) ([]byte, error) {
	at := name
	for range maxLinks {
		if hash, found := l.files[at]; found {
			return l.content(hash)
		}
		hash, found := l.links[at]
		if !found {
			return nil, fmt.Errorf("it leads to %s, which is no regular file of the tree", at)
		}
		target, err := l.content(hash)
		if err != nil {
			return nil, err
		}
		if len(target) == 0 || len(target) > 4096 || path.IsAbs(string(target)) {
			return nil, fmt.Errorf("it leads to %.80q; only a relative path within the tree can be followed", target)
		}
		at = path.Join(path.Dir(at), string(target))
		if at == ".." || strings.HasPrefix(at, "../") {
			return nil, fmt.Errorf("it leads to %.80q, out of the tree", target)
		}
	}
	return nil, errors.New("it leads to itself, through other links")
}
