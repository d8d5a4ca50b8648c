package registry

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/sync/errgroup"

	"turnup.dev/kubectl-turnup/internal/images"
)

// Progress hears how many of how many bytes are done.
type Progress func(done, total int64)

// Save makes the directory a bundle of these images. Blobs that are there and
// whole are not fetched again, so that a run that was cut off goes on.
func (c Client) Save(ctx context.Context, dir string, entries []images.Entry, progress Progress) error {
	layers, err := layersOf(entries)
	if err != nil {
		return err
	}
	var total int64
	for _, l := range layers {
		total += l.size
	}
	var done atomic.Int64
	count := func(n int64) {
		now := done.Add(n)
		if progress != nil {
			progress(now, total)
		}
	}
	group, each := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for _, l := range layers {
		group.Go(func() error {
			if err := each.Err(); err != nil {
				return err
			}
			return l.fetch(each, dir, count)
		})
	}
	if err := group.Wait(); err != nil {
		return together([]error{err})
	}
	return images.Write(dir, entries)
}

// wanted is a layer of an image that is saved.
type wanted struct {
	ref   string
	layer v1.Layer
	size  int64
}

// tries is how often a blob is asked for whose transfer breaks off.
const tries = 3

func (w wanted) fetch(ctx context.Context, dir string, count func(int64)) error {
	var err error
	for range tries {
		var got int64
		err = images.Fetch(dir, w.layer, func(n int64) {
			got += n
			count(n)
		})
		if err == nil {
			count(w.size - got) // it was there already
			return nil
		}
		count(-got)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return explain(w.ref, err)
}

// layersOf are the layers of all images, each once.
func layersOf(entries []images.Entry) ([]wanted, error) {
	seen := map[v1.Hash]bool{}
	var list []wanted
	for _, e := range entries {
		all, err := imagesOf(e)
		if err != nil {
			return nil, together([]error{explain(e.Ref, err)})
		}
		for _, image := range all {
			layers, err := image.Layers()
			if err != nil {
				return nil, together([]error{explain(e.Ref, err)})
			}
			for _, layer := range layers {
				digest, err := layer.Digest()
				if err != nil {
					return nil, explain(e.Ref, err)
				}
				size, err := layer.Size()
				if err != nil {
					return nil, explain(e.Ref, err)
				}
				if !seen[digest] {
					list = append(list, wanted{e.Ref, layer, size})
				}
				seen[digest] = true
			}
		}
	}
	return list, nil
}

func imagesOf(e images.Entry) ([]v1.Image, error) {
	if e.Index == nil {
		return []v1.Image{e.Image}, nil
	}
	manifest, err := e.Index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var list []v1.Image
	for _, d := range manifest.Manifests {
		image, err := e.Index.Image(d.Digest)
		if err != nil {
			return nil, err
		}
		list = append(list, image)
	}
	return list, nil
}

// Mirrored is the name that a reference has in a mirror, host[:port][/path]. One
// that is there already keeps it.
func Mirrored(ref, registry string) string {
	registry = strings.TrimSuffix(registry, "/")
	if strings.HasPrefix(ref, registry+"/") {
		return ref
	}
	_, path, _ := strings.Cut(ref, "/")
	return registry + "/" + path
}

// Push copies all images of a bundle into a registry, as bootstrap.registry
// looks for them there, and returns their names. Blobs that it has are not sent.
func (c Client) Push(ctx context.Context, bundle *images.Bundle, registry string, progress Progress) ([]string, error) {
	todo := map[name.Reference]remote.Taggable{}
	var pushed []string
	for _, ref := range bundle.Refs() {
		to := Mirrored(ref, registry)
		tag, err := name.ParseReference(to)
		if err != nil {
			return nil, fmt.Errorf("read image reference %s: %w", to, err)
		}
		index, err := bundle.Index(ref)
		if err != nil {
			return nil, err
		}
		if index != nil {
			todo[tag] = index
		} else {
			image, err := bundle.Image(ref)
			if err != nil {
				return nil, err
			}
			todo[tag] = image
		}
		pushed = append(pushed, to)
	}
	updates := make(chan v1.Update, 100)
	told := make(chan struct{})
	go func() {
		defer close(told)
		for u := range updates {
			if progress != nil && u.Error == nil {
				progress(u.Complete, u.Total)
			}
		}
	}()
	err := remote.MultiWrite(todo, append(c.options(ctx), remote.WithProgress(updates))...)
	<-told // MultiWrite closes the channel
	if err != nil {
		return nil, together([]error{explain(registry+"/", err)})
	}
	return pushed, nil
}
