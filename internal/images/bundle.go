package images

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// The annotations that name an image inside an index. The first is OCI's; the
// second is what containerd's import takes a full reference from.
const (
	annotationRef        = "org.opencontainers.image.ref.name"
	annotationContainerd = "io.containerd.image.name"
)

// rebuild is the way out of every broken bundle.
const rebuild = "make one with `kubectl turnup images save` or `make images`"

// Bundle is a directory with the images of a cluster: an OCI layout whose
// index names each image by its full reference.
type Bundle struct {
	dir    string
	digest v1.Hash
	index  v1.IndexManifest
}

// Open reads the index of the bundle in a directory. It does not look at the
// images: that is Verify.
func Open(dir string) (*Bundle, error) {
	path := filepath.Join(dir, "index.json")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open bundle %s: there is no index.json; %s", dir, rebuild)
	}
	if err != nil {
		return nil, fmt.Errorf("open bundle: %w", err)
	}
	b := &Bundle{dir: dir, digest: sum(data)}
	if err := json.Unmarshal(data, &b.index); err != nil {
		return nil, fmt.Errorf("open bundle: %s is damaged (%w); %s", path, err, rebuild)
	}
	for i, d := range b.index.Manifests {
		if d.Annotations[annotationRef] == "" {
			return nil, fmt.Errorf("open bundle: %s: manifest %d has no %s; %s", path, i, annotationRef, rebuild)
		}
	}
	return b, nil
}

// Dir is where the bundle is.
func (b *Bundle) Dir() string { return b.dir }

// Digest identifies the bundle's content: "sha256:…" of its index, which holds
// the digest of every image.
func (b *Bundle) Digest() string { return b.digest.String() }

// Refs lists the references of the bundle's images, sorted.
func (b *Bundle) Refs() []string {
	refs := make([]string, 0, len(b.index.Manifests))
	for _, d := range b.index.Manifests {
		refs = append(refs, d.Annotations[annotationRef])
	}
	slices.Sort(refs)
	return refs
}

// Image returns the image of a reference: of an image for several platforms,
// that for this computer's.
func (b *Bundle) Image(ref string) (v1.Image, error) {
	d, err := b.descriptor(ref)
	if err != nil {
		return nil, err
	}
	image, err := b.image(d)
	if err != nil {
		return nil, fmt.Errorf("read image %s of bundle %s: %w; %s", ref, b.dir, err, rebuild)
	}
	return image, nil
}

func (b *Bundle) image(d v1.Descriptor) (v1.Image, error) {
	all := layout.Path(b.dir)
	if !d.MediaType.IsIndex() {
		return all.Image(d.Digest)
	}
	root, err := all.ImageIndex()
	if err != nil {
		return nil, err
	}
	index, err := root.ImageIndex(d.Digest)
	if err != nil {
		return nil, err
	}
	one, err := b.pick(d, runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	return index.Image(one.Digest)
}

// Index returns the image of a reference for all of its platforms; nil where
// the bundle has it for one only.
func (b *Bundle) Index(ref string) (v1.ImageIndex, error) {
	d, err := b.descriptor(ref)
	if err != nil || !d.MediaType.IsIndex() {
		return nil, err
	}
	root, err := layout.Path(b.dir).ImageIndex()
	if err != nil {
		return nil, fmt.Errorf("read bundle %s: %w; %s", b.dir, err, rebuild)
	}
	index, err := root.ImageIndex(d.Digest)
	if err != nil {
		return nil, fmt.Errorf("read image %s of bundle %s: %w; %s", ref, b.dir, err, rebuild)
	}
	return index, nil
}

// pick chooses the image for linux on an architecture; itself where there is no
// choice.
func (b *Bundle) pick(d v1.Descriptor, arch string) (v1.Descriptor, error) {
	if !d.MediaType.IsIndex() {
		return d, nil
	}
	index, err := b.children(d)
	if err != nil {
		return v1.Descriptor{}, err
	}
	var have []string
	for _, child := range index.Manifests {
		if child.Platform == nil {
			continue
		}
		if child.Platform.OS == "linux" && child.Platform.Architecture == arch {
			child.Annotations = d.Annotations
			return child, nil
		}
		have = append(have, child.Platform.OS+"/"+child.Platform.Architecture)
	}
	return v1.Descriptor{}, foreign{have, arch}
}

// foreign is an image that is for none of the wanted platform.
type foreign struct {
	have []string
	arch string
}

func (f foreign) Error() string {
	return fmt.Sprintf("is for %s, and linux/%s is needed", strings.Join(f.have, ", "), f.arch)
}

func (b *Bundle) children(d v1.Descriptor) (*v1.IndexManifest, error) {
	data, err := os.ReadFile(b.blob(d.Digest))
	if err != nil {
		return nil, fmt.Errorf("cannot be read (%w)", err)
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("is not an index (%w)", err)
	}
	return index, nil
}

// Require says which images the bundle lacks.
func (b *Bundle) Require(list []Image) error {
	var missing []string
	for _, image := range list {
		if _, err := b.descriptor(image.Ref); err != nil {
			missing = append(missing, fmt.Sprintf("%s (%s)", image.Ref, image.Component))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("bundle %s lacks %s; %s", b.dir, strings.Join(missing, ", "), rebuild)
}

func (b *Bundle) descriptor(ref string) (v1.Descriptor, error) {
	for _, d := range b.index.Manifests {
		if d.Annotations[annotationRef] == ref {
			return d, nil
		}
	}
	return v1.Descriptor{}, fmt.Errorf("bundle %s has no image %s; %s", b.dir, ref, rebuild)
}

// blob is where the bundle keeps a blob.
func (b *Bundle) blob(h v1.Hash) string { return blobPath(b.dir, h) }

func blobPath(dir string, h v1.Hash) string {
	return filepath.Join(dir, "blobs", h.Algorithm, h.Hex)
}
