// Package source brings the addon tree into the cluster and out of it again.
// The push source needs no git server: a revision is a tarball in ConfigMaps,
// and one small ConfigMap, the head, names the revision that counts.
package source

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Tree is one revision of the addon tree.
type Tree struct {
	// Revision is a git commit, "tree-" and a hash outside git, or either with "-dirty".
	Revision string
	Author   string
	Message  string
	Pushed   time.Time
	// SHA256 is that of the packed files, "" where they never were.
	SHA256 string
	// Files are the regular files, by slash-separated path from the tree's root.
	Files map[string][]byte
}

// Slim is the tree without its files.
func (t Tree) Slim() Tree {
	t.Files = nil
	return t
}

// The limits of a tree. etcd holds ten revisions of it, compressed.
const (
	MaxBytes = 32 << 20
	MaxFiles = 20_000
	maxBlob  = 16 << 20
)

// Files reads every regular file of a file system. Anything else that is not a
// directory is an error: a link could lead out of the tree.
func Files(tree fs.FS) (map[string][]byte, error) {
	files, total := map[string][]byte{}, 0
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == ".git":
			return fs.SkipDir
		case entry.IsDir():
			return nil
		case !entry.Type().IsRegular():
			return fmt.Errorf("%s is not a regular file; an addon tree holds no links or devices", name)
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		files[name] = data
		total += len(data)
		return budget(len(files), total)
	})
	if err != nil {
		return nil, fmt.Errorf("read addon tree: %w", err)
	}
	return files, nil
}

// Pack makes the tarball of a tree and its sha256: the same files give the same
// bytes, on every computer.
func Pack(files map[string][]byte) (blob []byte, sum string, err error) {
	var buf bytes.Buffer
	zip, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return nil, "", err
	}
	archive := tar.NewWriter(zip)
	total := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := guard(name); err != nil {
			return nil, "", fmt.Errorf("pack addon tree: %w", err)
		}
		data := files[name]
		total += len(data)
		header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(data)), Format: tar.FormatPAX}
		if err := errors.Join(archive.WriteHeader(header), write(archive, data)); err != nil {
			return nil, "", fmt.Errorf("pack %s: %w", name, err)
		}
	}
	if err := errors.Join(budget(len(files), total), archive.Close(), zip.Close()); err != nil {
		return nil, "", fmt.Errorf("pack addon tree: %w", err)
	}
	if buf.Len() > maxBlob {
		return nil, "", fmt.Errorf("pack addon tree: %d MiB compressed, %d is the limit; are there binaries in it?", buf.Len()>>20, maxBlob>>20)
	}
	return buf.Bytes(), digest(buf.Bytes()), nil
}

func write(w io.Writer, data []byte) error { _, err := w.Write(data); return err }

// Unpack is the reverse of Pack. It trusts nothing: no absolute or climbing
// path, no link, no file twice, and no more than the budget, however small the
// tarball looks.
func Unpack(blob []byte) (map[string][]byte, error) {
	zip, err := gzip.NewReader(bytes.NewReader(blob))
	if err != nil {
		return nil, fmt.Errorf("unpack addon tree: %w", err)
	}
	files, total := map[string][]byte{}, 0
	archive := tar.NewReader(zip)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			// What is behind the archive is a little padding and gzip's checksum.
			if n, err := io.CopyN(io.Discard, zip, 1<<20); !errors.Is(err, io.EOF) {
				return nil, fmt.Errorf("unpack addon tree: %d bytes behind its end: %w", n, err)
			}
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("unpack addon tree: %w", err)
		}
		if header.Typeflag == tar.TypeDir {
			continue
		}
		if header.Typeflag != tar.TypeReg {
			return nil, fmt.Errorf("unpack addon tree: %s is not a regular file", header.Name)
		}
		if err := guard(header.Name); err != nil {
			return nil, fmt.Errorf("unpack addon tree: %w", err)
		}
		if _, twice := files[header.Name]; twice {
			return nil, fmt.Errorf("unpack addon tree: %s is in it twice", header.Name)
		}
		if err := budget(len(files)+1, total+int(min(header.Size, MaxBytes+1))); err != nil {
			return nil, fmt.Errorf("unpack addon tree: %w", err)
		}
		data, err := io.ReadAll(io.LimitReader(archive, header.Size))
		if err != nil {
			return nil, fmt.Errorf("unpack %s: %w", header.Name, err)
		}
		files[header.Name] = data
		total += len(data)
	}
}

func guard(name string) error {
	if !fs.ValidPath(name) || name == "." || path.Clean(name) != name || strings.ContainsAny(name, "\\\x00") {
		return fmt.Errorf("%q is not a path inside the tree", name)
	}
	return nil
}

func budget(files, size int) error {
	switch {
	case files > MaxFiles:
		return fmt.Errorf("more than %d files", MaxFiles)
	case size > MaxBytes:
		return fmt.Errorf("more than %d MiB", MaxBytes>>20)
	}
	return nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
