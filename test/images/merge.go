package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"turnup.dev/kubectl-turnup/internal/images"
)

// merge writes a bundle of the images that this project publishes, each for all
// architectures that the bundles in some directories are for. Equal bundles make
// an equal one, in whatever order they come.
func merge(out string, dirs []string) error {
	var bundles []*images.Bundle
	for _, dir := range dirs {
		b, err := images.Open(dir)
		if err != nil {
			return err
		}
		bundles = append(bundles, b)
	}
	refs := own(bundles[0])
	if len(refs) == 0 {
		return fmt.Errorf("%s has no image of %s", dirs[0], images.Own)
	}
	for i, b := range bundles {
		if got := own(b); !slices.Equal(got, refs) {
			return fmt.Errorf("%s has %s, and %s has %s: build both from the same commit",
				dirs[0], strings.Join(refs, ", "), dirs[i], strings.Join(got, ", "))
		}
	}
	var entries []images.Entry
	for _, ref := range refs {
		index, err := together(ref, bundles)
		if err != nil {
			return err
		}
		entries = append(entries, images.Entry{Ref: ref, Index: index})
	}
	return images.Write(out, entries)
}

// own are the references of a bundle that this project publishes.
func own(b *images.Bundle) []string {
	return slices.DeleteFunc(b.Refs(), func(ref string) bool { return !strings.HasPrefix(ref, images.Own) })
}

// together makes one image for several architectures of one for each.
func together(ref string, bundles []*images.Bundle) (v1.ImageIndex, error) {
	var all []mutate.IndexAddendum
	for _, b := range bundles {
		image, err := b.Image(ref)
		if err != nil {
			return nil, err
		}
		file, err := image.ConfigFile()
		if err != nil {
			return nil, fmt.Errorf("read image %s of bundle %s: %w", ref, b.Dir(), err)
		}
		all = append(all, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: file.OS, Architecture: file.Architecture},
		}})
	}
	arch := func(a mutate.IndexAddendum) string { return a.Platform.Architecture }
	slices.SortFunc(all, func(a, b mutate.IndexAddendum) int { return strings.Compare(arch(a), arch(b)) })
	for i := 1; i < len(all); i++ {
		if arch(all[i]) == arch(all[i-1]) {
			return nil, errors.New("two of the bundles are for " + arch(all[i]) + ": give one for each architecture")
		}
	}
	return mutate.AppendManifests(empty.Index, all...), nil
}
