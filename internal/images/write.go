package images

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Entry is an image to be written, and its reference.
type Entry struct {
	Ref   string
	Image v1.Image
	// Index is an image for several platforms, in place of Image.
	Index v1.ImageIndex
}

// Write makes the directory a bundle of exactly these images. Blobs that are
// there already are kept; the index is replaced in one step, after the blobs it
// names and before those nobody needs any more go: a reader at any moment, and a
// writer killed at any moment, sees a whole bundle.
func Write(dir string, entries []Entry) error {
	if err := os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o755); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	needed := map[string]bool{}
	for _, e := range entries {
		d, err := writeEntry(dir, e, needed)
		if err != nil {
			return fmt.Errorf("write image %s to bundle %s: %w", e.Ref, dir, err)
		}
		index.Manifests = append(index.Manifests, d)
	}
	slices.SortFunc(index.Manifests, func(a, b v1.Descriptor) int {
		return strings.Compare(a.Annotations[annotationRef], b.Annotations[annotationRef])
	})
	data, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	if err := writeFile(filepath.Join(dir, "oci-layout"), []byte(ociLayout)); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	if err := writeFile(filepath.Join(dir, "index.json"), append(data, '\n')); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	return removeOthers(filepath.Join(dir, "blobs", "sha256"), needed)
}

const ociLayout = `{"imageLayoutVersion":"1.0.0"}` + "\n"

// writeEntry writes an entry's blobs and describes it.
func writeEntry(dir string, e Entry, needed map[string]bool) (v1.Descriptor, error) {
	write := func() (v1.Descriptor, error) { return writeImage(dir, e.Image, needed) }
	if e.Index != nil {
		write = func() (v1.Descriptor, error) { return writeIndex(dir, e.Index, needed) }
	}
	d, err := write()
	d.Annotations = map[string]string{annotationRef: e.Ref, annotationContainerd: e.Ref}
	return d, err
}

// writeIndex writes all images of an index, and then the index itself.
func writeIndex(dir string, index v1.ImageIndex, needed map[string]bool) (v1.Descriptor, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return v1.Descriptor{}, err
	}
	for _, d := range manifest.Manifests {
		image, err := index.Image(d.Digest)
		if err != nil {
			return v1.Descriptor{}, err
		}
		if _, err := writeImage(dir, image, needed); err != nil {
			return v1.Descriptor{}, err
		}
	}
	raw, err := index.RawManifest()
	if err != nil {
		return v1.Descriptor{}, err
	}
	h := sum(raw)
	needed[h.Hex] = true
	if err := writeFile(blobPath(dir, h), raw); err != nil {
		return v1.Descriptor{}, err
	}
	mediaType, err := index.MediaType()
	return v1.Descriptor{MediaType: mediaType, Digest: h, Size: int64(len(raw))}, err
}

// writeImage writes an image's blobs, manifest last, and describes it.
func writeImage(dir string, image v1.Image, needed map[string]bool) (v1.Descriptor, error) {
	layers, err := image.Layers()
	if err != nil {
		return v1.Descriptor{}, err
	}
	for _, layer := range layers {
		if err := writeLayer(dir, layer, needed); err != nil {
			return v1.Descriptor{}, err
		}
	}
	config, err := image.RawConfigFile()
	if err != nil {
		return v1.Descriptor{}, err
	}
	manifest, err := image.RawManifest()
	if err != nil {
		return v1.Descriptor{}, err
	}
	for _, data := range [][]byte{config, manifest} {
		h := sum(data)
		needed[h.Hex] = true
		if err := writeFile(blobPath(dir, h), data); err != nil {
			return v1.Descriptor{}, err
		}
	}
	mediaType, err := image.MediaType()
	if err != nil {
		return v1.Descriptor{}, err
	}
	d := v1.Descriptor{MediaType: mediaType, Digest: sum(manifest), Size: int64(len(manifest))}
	if file, err := v1.ParseConfigFile(bytes.NewReader(config)); err == nil && file.OS != "" {
		d.Platform = &v1.Platform{OS: file.OS, Architecture: file.Architecture, Variant: file.Variant}
	}
	return d, nil
}

func writeLayer(dir string, layer v1.Layer, needed map[string]bool) error {
	digest, err := layer.Digest()
	if err != nil {
		return err
	}
	size, err := layer.Size()
	if err != nil {
		return err
	}
	needed[digest.Hex] = true
	path := blobPath(dir, digest)
	if info, err := os.Stat(path); err == nil && info.Size() == size {
		return nil
	}
	content, err := layer.Compressed()
	if err != nil {
		return err
	}
	defer content.Close()
	return replace(path, func(w io.Writer) error {
		hash := sha256.New()
		if _, err := io.Copy(io.MultiWriter(w, hash), content); err != nil {
			return err
		}
		if got := hex.EncodeToString(hash.Sum(nil)); got != digest.Hex {
			return fmt.Errorf("layer %s has the digest sha256:%s", digest, got)
		}
		return nil
	})
}

func writeFile(path string, data []byte) error {
	return replace(path, func(w io.Writer) error { _, err := w.Write(data); return err })
}

// replace writes a file beside its place and renames it.
func replace(path string, write func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // fails after the rename, as it should
	defer file.Close()
	if err := write(file); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func removeOthers(dir string, needed map[string]bool) error {
	blobs, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("clean bundle: %w", err)
	}
	for _, blob := range blobs {
		if needed[blob.Name()] {
			continue
		}
		if err := os.Remove(filepath.Join(dir, blob.Name())); err != nil {
			return fmt.Errorf("clean bundle: %w", err)
		}
	}
	return nil
}

// Fetch writes a layer's blob into a bundle's directory, unless it is there and
// whole. count hears the bytes as they come in; a layer with other content than
// its digest says is an error, and leaves nothing.
func Fetch(dir string, layer v1.Layer, count func(int64)) error {
	digest, err := layer.Digest()
	if err != nil {
		return err
	}
	size, err := layer.Size()
	if err != nil {
		return err
	}
	if (&Bundle{dir: dir}).check(v1.Descriptor{Digest: digest, Size: size}) == "" {
		return nil
	}
	path := blobPath(dir, digest)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // damaged, and writeLayer only looks at its size
	}
	return writeLayer(dir, counted{layer, count}, map[string]bool{})
}

// counted is a layer that tells how much of it was read.
type counted struct {
	v1.Layer
	count func(int64)
}

func (c counted) Compressed() (io.ReadCloser, error) {
	content, err := c.Layer.Compressed()
	return countedReader{content, c.count}, err
}

type countedReader struct {
	io.ReadCloser
	count func(int64)
}

func (r countedReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.count(int64(n))
	return n, err
}
