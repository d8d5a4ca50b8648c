package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// entry is one file of a layer.
type entry struct {
	mode   int64
	source string // a file to copy, or
	data   []byte // its content, or
	link   string // a symlink's target, or
	dir    bool   // a directory
}

// files is a layer's content by path, without the leading slash.
type files map[string]entry

// addTree adds what is below a directory, at another place.
func (f files) addTree(dir, under string, executable bool) error {
	return filepath.WalkDir(dir, func(from string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, from)
		if err != nil {
			return err
		}
		to := strings.TrimPrefix(path.Join(under, filepath.ToSlash(rel)), "/")
		if d.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(from)
			f[to] = entry{link: target}
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f[to] = entry{mode: 0o644, source: from}
		if executable || info.Mode()&0o100 != 0 { // nothing else of the checkout's modes matters
			f[to] = entry{mode: 0o755, source: from}
		}
		return nil
	})
}

// key identifies the layer: paths, modes and content.
func (f files) key() (string, error) {
	var parts []string
	for _, name := range f.names() {
		e := f[name]
		content := string(e.data)
		if e.source != "" {
			sum, err := hashFile(e.source)
			if err != nil {
				return "", err
			}
			content = sum
		}
		parts = append(parts, name, fmt.Sprint(e.mode, e.dir), e.link, content)
	}
	return hash(parts...), nil
}

func (f files) names() []string {
	names := make([]string, 0, len(f))
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// write writes the layer's tar: sorted, with the directories on the way, no owners and no times.
func (f files) write(w io.Writer) error {
	out := tar.NewWriter(w)
	parents := map[string]bool{".": true}
	for _, name := range f.names() {
		if err := writeParents(out, path.Dir(name), parents); err != nil {
			return err
		}
		if f[name].dir {
			parents[name] = true
		}
		if err := f[name].write(out, name); err != nil {
			return fmt.Errorf("pack %s: %w", name, err)
		}
	}
	return out.Close()
}

func writeParents(out *tar.Writer, dir string, written map[string]bool) error {
	if written[dir] {
		return nil
	}
	if err := writeParents(out, path.Dir(dir), written); err != nil {
		return err
	}
	written[dir] = true
	return entry{mode: 0o755, dir: true}.write(out, dir)
}

func (e entry) write(out *tar.Writer, name string) error {
	h := &tar.Header{Name: name, Mode: e.mode}
	anonymous(h)
	switch {
	case e.dir:
		h.Typeflag, h.Name = tar.TypeDir, name+"/"
		return out.WriteHeader(h)
	case e.link != "":
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, e.link, 0o777
		return out.WriteHeader(h)
	case e.source == "":
		h.Typeflag, h.Size = tar.TypeReg, int64(len(e.data))
		if err := out.WriteHeader(h); err != nil {
			return err
		}
		_, err := out.Write(e.data)
		return err
	}
	file, err := os.Open(e.source)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	h.Typeflag, h.Size = tar.TypeReg, info.Size()
	if err := out.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.Copy(out, file)
	return err
}

// anonymous takes out of a header what differs between two equal builds.
func anonymous(h *tar.Header) {
	h.ModTime, h.AccessTime, h.ChangeTime = time.Unix(0, 0), time.Time{}, time.Time{}
	h.Uname, h.Gname = "", ""
	h.Linkname = strings.TrimPrefix(h.Linkname, "./")
	h.Format = tar.FormatUnknown
}

// layer compresses a tar once, fast: a bundle is read far more often over a local disk than sent.
func layer(write func(io.Writer) error) (v1.Layer, error) {
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := write(zip); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(packed.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
}
