package images

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Problem is one thing that is wrong with a bundle.
type Problem struct {
	// Ref is the image that cannot be used.
	Ref string
	// Blob is the digest of the damaged part; empty when the image as a whole is wrong.
	Blob string
	// What is wrong with it, as the rest of a sentence.
	What string
}

func (p Problem) String() string {
	if p.Blob == "" {
		return fmt.Sprintf("image %s %s", p.Ref, p.What)
	}
	return fmt.Sprintf("image %s: blob %s %s", p.Ref, p.Blob, p.What)
}

// Verify reads every blob of every image, and reports all that is wrong at once.
// Images have to be for the architecture of this computer.
func (b *Bundle) Verify() error { return b.VerifyFor(runtime.GOARCH) }

// VerifyFor is Verify for machines of another architecture.
func (b *Bundle) VerifyFor(arch string) error {
	problems := b.ProblemsFor(arch)
	if len(problems) == 0 {
		return nil
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.String()
	}
	return fmt.Errorf("verify bundle %s: %s; %s", b.dir, strings.Join(lines, "; "), rebuild)
}

// Problems is Verify for those who mend a bundle.
func (b *Bundle) Problems() []Problem { return b.ProblemsFor(runtime.GOARCH) }

// ProblemsFor is Problems for machines of another architecture.
func (b *Bundle) ProblemsFor(arch string) []Problem {
	i := inspection{bundle: b, checked: map[v1.Hash]string{}}
	for _, image := range b.index.Manifests {
		i.ref = image.Annotations[annotationRef]
		i.entry(image, arch)
	}
	return i.problems
}

// inspection is one look at a bundle.
type inspection struct {
	bundle *Bundle
	// checked is what was found of each blob: a base layer belongs to many images.
	checked  map[v1.Hash]string
	ref      string
	problems []Problem
}

// entry looks at an image, or at all images of an index.
func (i *inspection) entry(d v1.Descriptor, arch string) {
	if !d.MediaType.IsIndex() {
		if config, ok := i.image(d); ok {
			i.found("", i.bundle.platform(config, arch))
		}
		return
	}
	if !i.check(d) {
		return
	}
	index, err := i.bundle.children(d)
	if err != nil {
		i.found(d.Digest.String(), err.Error())
		return
	}
	for _, child := range index.Manifests {
		i.image(child)
	}
	if _, err := i.bundle.pick(d, arch); err != nil {
		i.found("", err.Error())
	}
}

// image looks at the blobs of an image; its configuration is worth reading if ok.
func (i *inspection) image(d v1.Descriptor) (config v1.Descriptor, ok bool) {
	if !i.check(d) {
		return config, false
	}
	manifest, err := i.bundle.manifest(d)
	if err != nil {
		i.found(d.Digest.String(), err.Error())
		return config, false
	}
	for _, layer := range manifest.Layers {
		i.check(layer)
	}
	return manifest.Config, i.check(manifest.Config)
}

func (i *inspection) check(d v1.Descriptor) bool {
	what, seen := i.checked[d.Digest]
	if !seen {
		what = i.bundle.check(d)
		i.checked[d.Digest] = what
	}
	i.found(d.Digest.String(), what)
	return what == ""
}

func (i *inspection) found(blob, what string) {
	if what != "" {
		i.problems = append(i.problems, Problem{i.ref, blob, what})
	}
}

// check compares a blob with its descriptor; "" means they agree.
func (b *Bundle) check(d v1.Descriptor) string {
	file, err := os.Open(b.blob(d.Digest))
	if errors.Is(err, fs.ErrNotExist) {
		return "is missing"
	}
	if err != nil {
		return fmt.Sprintf("cannot be read (%v)", err)
	}
	defer file.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	switch {
	case err != nil:
		return fmt.Sprintf("cannot be read (%v)", err)
	case size != d.Size:
		return fmt.Sprintf("has %d bytes instead of %d", size, d.Size)
	case hex.EncodeToString(hash.Sum(nil)) != d.Digest.Hex:
		return "has other content than its digest says"
	}
	return ""
}

// platform says when an image is not for linux on an architecture.
func (b *Bundle) platform(config v1.Descriptor, arch string) string {
	data, err := os.ReadFile(b.blob(config.Digest))
	if err != nil {
		return fmt.Sprintf("has no readable configuration (%v)", err)
	}
	file, err := v1.ParseConfigFile(bytes.NewReader(data))
	if err != nil {
		return fmt.Sprintf("has no readable configuration (%v)", err)
	}
	if file.OS != "linux" || file.Architecture != arch {
		return foreign{[]string{file.OS + "/" + file.Architecture}, arch}.Error()
	}
	return ""
}

func (b *Bundle) manifest(d v1.Descriptor) (*v1.Manifest, error) {
	data, err := os.ReadFile(b.blob(d.Digest))
	if err != nil {
		return nil, fmt.Errorf("cannot be read (%w)", err)
	}
	manifest, err := v1.ParseManifest(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("is not a manifest (%w)", err)
	}
	return manifest, nil
}

func sum(data []byte) v1.Hash {
	hash := sha256.Sum256(data)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(hash[:])}
}
