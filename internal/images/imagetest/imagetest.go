// Package imagetest makes images for tests, and is imported by them only.
package imagetest

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
)

// Random is an image for linux on an architecture: so many layers of so many
// random bytes.
func Random(t testing.TB, arch string, layers, bytes int64) v1.Image {
	t.Helper()
	image, err := random.Image(bytes, layers)
	if err != nil {
		t.Fatal(err)
	}
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", arch
	if image, err = mutate.ConfigFile(image, file); err != nil {
		t.Fatal(err)
	}
	return image
}
