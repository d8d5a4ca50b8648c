package local_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/images/imagetest"
	"turnup.dev/kubectl-turnup/terraform/local"
)

// These tests fill real volumes in real throw-away machines, from bundles of
// small random images.

func TestAnImageStoreIsFilledOnce(t *testing.T) {
	d, api := connect(t)
	machine := machineImage(t, api)
	bundle, set := smallBundle(t)
	name := local.StoreName(bundle.Digest())
	dropStore(t, api, name)

	t.Run("a fill that is interrupted leaves nothing", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := d.EnsureStore(ctx, bundle, set, machine, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("an interrupted fill returned %v", err)
		}
		if _, err := api.VolumeInspect(t.Context(), name); !cerrdefs.IsNotFound(err) {
			t.Errorf("half a store was left (%v)", err)
		}
	})

	t.Run("two at a time fill it once", func(t *testing.T) {
		var wait sync.WaitGroup
		var mu sync.Mutex
		seen := map[string]int{}
		for range 2 {
			wait.Go(func() {
				got, err := d.EnsureStore(t.Context(), bundle, set, machine, func(ref string) {
					mu.Lock()
					defer mu.Unlock()
					seen[ref]++
				})
				if err != nil || got != name {
					t.Errorf("EnsureStore returned %q, %v, want %q", got, err, name)
				}
			})
		}
		wait.Wait()
		for _, i := range set.Images() {
			if want := i.Component != images.Machine; want != (seen[i.Ref] == 1) {
				t.Errorf("%s was imported %d times", i.Ref, seen[i.Ref])
			}
		}
	})

	t.Run("a full one is left alone", func(t *testing.T) {
		start := time.Now()
		_, err := d.EnsureStore(t.Context(), bundle, set, machine, func(ref string) { t.Errorf("%s was imported again", ref) })
		if err != nil {
			t.Error(err)
		}
		t.Logf("looked in %s", time.Since(start).Round(time.Millisecond))
	})

	t.Run("an unused one is pruned, others stay", func(t *testing.T) {
		list, err := api.VolumeList(t.Context(), volume.ListOptions{Filters: filters.NewArgs(filters.Arg("label", local.LabelCache+"=store"))})
		if err != nil {
			t.Fatal(err)
		}
		var others []string
		for _, v := range list.Volumes {
			if v.Name != name {
				others = append(others, v.Name)
			}
		}
		removed, err := d.PruneStores(t.Context(), others...)
		if err != nil || len(removed) != 1 || removed[0] != name {
			t.Errorf("PruneStores removed %v, %v, want %s", removed, err, name)
		}
	})
}

func TestACorruptedBundleFillsNoStore(t *testing.T) {
	d, api := connect(t)
	machine := machineImage(t, api)
	bundle, set := smallBundle(t)
	name := local.StoreName(bundle.Digest())
	dropStore(t, api, name)
	damage(t, bundle, set.Ref(images.CoreDNS))
	_, err := d.EnsureStore(t.Context(), bundle, set, machine, nil)
	if err == nil || !strings.Contains(err.Error(), "fill image store "+name) {
		t.Errorf("a damaged bundle returned %v", err)
	}
	t.Log(err)
	if _, err := api.VolumeInspect(t.Context(), name); !cerrdefs.IsNotFound(err) {
		t.Errorf("half a store was left (%v)", err)
	}
}

func TestTheMachineImageIsLoadedOnce(t *testing.T) {
	d, api := connect(t)
	bundle, set := smallBundle(t)
	// The small one must not take the tag of the real one.
	ref := set.Ref(images.Machine)
	first, err := d.EnsureMachineImage(t.Context(), bundle, ref)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = api.ImageRemove(context.Background(), ref, image.RemoveOptions{Force: true}) })
	start := time.Now()
	second, err := d.EnsureMachineImage(t.Context(), bundle, ref)
	if err != nil || first != second {
		t.Errorf("the second time it is %q, %v, want %q", second, err, first)
	}
	t.Logf("looked in %s", time.Since(start).Round(time.Millisecond))

	other, _ := smallBundle(t)
	replaced, err := d.EnsureMachineImage(t.Context(), other, ref)
	if err != nil || replaced == first {
		t.Errorf("a new build gave %q, %v", replaced, err)
	}
	if _, err := api.ImageInspect(t.Context(), first); !cerrdefs.IsNotFound(err) {
		t.Errorf("the old build, which nobody uses, is still there (%v)", err)
	}

	broken, _ := smallBundle(t)
	damage(t, broken, ref)
	if _, err := d.EnsureMachineImage(t.Context(), broken, ref); err == nil || !strings.Contains(err.Error(), ref) {
		t.Errorf("a damaged image returned %v", err)
	} else {
		t.Log(err)
	}
}

func connect(t *testing.T) (*local.Docker, *client.Client) {
	t.Helper()
	d, err := local.Connect(t.Context())
	if err != nil {
		t.Skipf("SKIPPED, NOTHING WAS TESTED: %v", err)
	}
	api, err := client.NewClientWithOpts(client.WithHost(d.Host), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(d.Close(), api.Close()) })
	return d, api
}

// machineImage is the real one, since filling is a program in it.
func machineImage(t *testing.T, api *client.Client) string {
	t.Helper()
	found, err := api.ImageInspect(t.Context(), images.For(images.Newest(), "").Ref(images.Machine))
	if err == nil {
		return found.ID
	}
	bundle, err := images.Open("../../.cache/bundle")
	if err != nil {
		t.Skipf("SKIPPED, NOTHING WAS TESTED: there is no machine image, neither in Docker nor in a bundle: %v", err)
	}
	d, _ := connect(t)
	id, err := d.EnsureMachineImage(t.Context(), bundle, images.For(images.Newest(), "").Ref(images.Machine))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// smallBundle has the images of a cluster, each of 64 random KiB, under a registry of its own.
func smallBundle(t *testing.T) (*images.Bundle, images.Set) {
	t.Helper()
	set := images.For(images.Newest(), "registry.turnup.invalid")
	var entries []images.Entry
	for _, i := range set.Images() {
		entries = append(entries, images.Entry{Ref: i.Ref, Image: imagetest.Random(t, "amd64", 1, 64<<10)})
	}
	dir := t.TempDir()
	if err := images.Write(dir, entries); err != nil {
		t.Fatal(err)
	}
	bundle, err := images.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return bundle, set
}

// damage flips a byte in the layer of an image.
func damage(t *testing.T, bundle *images.Bundle, ref string) {
	t.Helper()
	img, err := bundle.Image(ref)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	var h v1.Hash
	if h, err = layers[0].Digest(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(bundle.Dir(), "blobs", h.Algorithm, h.Hex)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 0xff
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func dropStore(t *testing.T, api *client.Client, name string) {
	t.Cleanup(func() { _ = api.VolumeRemove(context.Background(), name, false) })
}
