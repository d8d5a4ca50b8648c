package images

import (
	"runtime"
	"slices"
)

// Has tells whether the bundle holds an image.
func (b *Bundle) Has(ref string) bool { return slices.Contains(b.Refs(), ref) }

// DigestOf is the digest of an image's manifest for this computer's architecture,
// by which containerd knows what Tar brings it.
func (b *Bundle) DigestOf(ref string) (string, error) {
	d, err := b.descriptor(ref)
	if err != nil {
		return "", err
	}
	d, err = b.pick(d, runtime.GOARCH)
	return d.Digest.String(), err
}

// Pinned is the digest that a reference would be pinned to: of an image for
// several platforms, that of all of them. "" where the bundle has none.
func (b *Bundle) Pinned(ref string) string {
	d, err := b.descriptor(ref)
	if err != nil {
		return ""
	}
	return d.Digest.String()
}
