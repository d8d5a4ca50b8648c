package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"turnup.dev/kubectl-turnup/internal/images"
)

func newBuilder(root, cache string) *builder {
	return &builder{
		root:  root,
		marks: filepath.Join(cache, "images"),
		compiler: &compiler{root: root, bin: filepath.Join(cache, "bin"),
			done: map[string]func() (string, error){}},
		debian: &debian{cache: filepath.Join(cache, "roots"), etc: "/etc",
			done: map[string]func() (string, error){}},
		bases: map[string]func() (v1.Layer, error){},
	}
}

// bundle builds what changed, and writes the bundle when anything did.
func (b *builder) bundle(ctx context.Context, list []recipe, dir string, jobs int) error {
	start := time.Now()
	whole := sound(dir)
	for _, entry := range b.given {
		whole[entry.Ref] = entry.Image
	}
	var mu sync.Mutex
	built := 0
	err := each(list, jobs, func(r recipe) error {
		start := time.Now()
		p, err := b.plan(ctx, r)
		if err != nil {
			return err
		}
		mu.Lock()
		old := whole[ref(r.Component)]
		mu.Unlock()
		if old != nil && b.marked(r.Component, p.key, old) {
			return nil
		}
		image, err := p.pack()
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		whole[ref(r.Component)] = image
		built++
		// Written at once: the packed layers need not stay in memory, and a later
		// failure does not cost what is done.
		if err := images.Write(dir, entries(whole)); err != nil {
			return err
		}
		stored, err := reopen(dir, ref(r.Component))
		if err != nil {
			return err
		}
		whole[ref(r.Component)] = stored
		report(string(r.Component), start, fmt.Sprintf("%6.1f MB  %s", megabytes(stored), ref(r.Component)))
		return b.mark(r.Component, p.key, stored)
	})
	if err != nil {
		return err
	}
	if len(b.given) > 0 {
		// Those given may have changed alone.
		if err := images.Write(dir, entries(whole)); err != nil {
			return err
		}
	}
	report(fmt.Sprintf("%d of %d images built", built, len(list)), start, dir)
	return nil
}

// sound returns the images of a bundle that can be used as they are; damaged
// blobs are removed, so that they are written again.
func sound(dir string) map[string]v1.Image {
	good := map[string]v1.Image{}
	b, err := images.Open(dir)
	if err != nil {
		return good // no bundle, or none that can be read: it is written anew
	}
	bad := map[string]bool{}
	for _, p := range b.Problems() {
		fmt.Fprintln(os.Stderr, "building again:", p)
		bad[p.Ref] = true
		if _, hex, found := strings.Cut(p.Blob, ":"); found {
			// One that stays is found again, and refused, when the bundle is verified.
			_ = os.Remove(filepath.Join(dir, "blobs", "sha256", hex))
		}
	}
	known := images.For(minor, "")
	for _, image := range append(known.All(), images.Image{Component: fluentdStandIn, Ref: fluentdStandInRef}) {
		if bad[image.Ref] || !slices.Contains(b.Refs(), image.Ref) {
			continue
		}
		if intact, err := b.Image(image.Ref); err == nil {
			good[image.Ref] = intact
		}
	}
	return good
}

func entries(all map[string]v1.Image) []images.Entry {
	var list []images.Entry
	for ref, image := range all {
		list = append(list, images.Entry{Ref: ref, Image: image})
	}
	slices.SortFunc(list, func(a, b images.Entry) int { return strings.Compare(a.Ref, b.Ref) })
	return list
}

func reopen(dir, ref string) (v1.Image, error) {
	b, err := images.Open(dir)
	if err != nil {
		return nil, err
	}
	return b.Image(ref)
}

// marked says that an image of the bundle was built from the same inputs.
func (b *builder) marked(c images.Component, key string, image v1.Image) bool {
	digest, err := image.Digest()
	if err != nil {
		return false
	}
	mark, err := os.ReadFile(filepath.Join(b.marks, string(c)))
	return err == nil && string(mark) == key+" "+digest.String()
}

func (b *builder) mark(c images.Component, key string, image v1.Image) error {
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(b.marks, string(c)), []byte(key+" "+digest.String()))
}

func megabytes(image v1.Image) float64 {
	manifest, err := image.Manifest()
	if err != nil {
		return 0
	}
	size := manifest.Config.Size
	for _, layer := range manifest.Layers {
		size += layer.Size
	}
	return float64(size) / 1e6
}
