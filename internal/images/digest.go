package images

import "slices"

// Has tells whether the bundle holds an image.
func (b *Bundle) Has(ref string) bool { return slices.Contains(b.Refs(), ref) }

// DigestOf is the digest of an image's manifest, by which containerd knows it.
func (b *Bundle) DigestOf(ref string) (string, error) {
	d, err := b.descriptor(ref)
	return d.Digest.String(), err
}
