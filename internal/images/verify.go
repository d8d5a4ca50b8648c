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
func (b *Bundle) Verify() error {
	problems := b.Problems()
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
func (b *Bundle) Problems() []Problem {
	checked := map[v1.Hash]string{} // a base layer belongs to many images
	var problems []Problem
	for _, image := range b.index.Manifests {
		ref := image.Annotations[annotationRef]
		check := func(d v1.Descriptor) bool {
			what, seen := checked[d.Digest]
			if !seen {
				what = b.check(d)
				checked[d.Digest] = what
			}
			if what != "" {
				problems = append(problems, Problem{ref, d.Digest.String(), what})
			}
			return what == ""
		}
		if !check(image) {
			continue
		}
		manifest, err := b.manifest(image)
		if err != nil {
			problems = append(problems, Problem{ref, image.Digest.String(), err.Error()})
			continue
		}
		for _, layer := range manifest.Layers {
			check(layer)
		}
		if !check(manifest.Config) {
			continue
		}
		if what := b.platform(manifest.Config); what != "" {
			problems = append(problems, Problem{ref, "", what})
		}
	}
	return problems
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

// platform says when an image is not for the machines of this computer.
func (b *Bundle) platform(config v1.Descriptor) string {
	data, err := os.ReadFile(b.blob(config.Digest))
	if err != nil {
		return fmt.Sprintf("has no readable configuration (%v)", err)
	}
	file, err := v1.ParseConfigFile(bytes.NewReader(data))
	if err != nil {
		return fmt.Sprintf("has no readable configuration (%v)", err)
	}
	if file.OS != "linux" || file.Architecture != runtime.GOARCH {
		return fmt.Sprintf("is for %s/%s, and this computer needs linux/%s", file.OS, file.Architecture, runtime.GOARCH)
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
