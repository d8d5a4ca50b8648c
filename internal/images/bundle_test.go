package images

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

const one, two = "registry.example.com/one:v1", "registry.example.com/two:v1"

func TestABundleHoldsWhatWasWritten(t *testing.T) {
	dir := t.TempDir()
	image := newImage(t, runtime.GOARCH)
	b := write(t, dir, Entry{Ref: two, Image: newImage(t, runtime.GOARCH)}, Entry{Ref: one, Image: image})
	if diff := cmp.Diff([]string{one, two}, b.Refs()); diff != "" {
		t.Error(diff)
	}
	if err := b.Verify(); err != nil {
		t.Error(err)
	}
	got, err := b.Image(one)
	if err != nil {
		t.Fatal(err)
	}
	if digest(t, got) != digest(t, image) {
		t.Error("the image that was read is another")
	}
}

func TestTheDigestDependsOnTheImagesAlone(t *testing.T) {
	first, second := newImage(t, runtime.GOARCH), newImage(t, runtime.GOARCH)
	a := write(t, t.TempDir(), Entry{Ref: one, Image: first}, Entry{Ref: two, Image: second})
	b := write(t, t.TempDir(), Entry{Ref: two, Image: second}, Entry{Ref: one, Image: first})
	if a.Digest() != b.Digest() {
		t.Errorf("%s and %s differ by the order of writing", a.Digest(), b.Digest())
	}
	if c := write(t, t.TempDir(), Entry{Ref: one, Image: second}, Entry{Ref: two, Image: first}); c.Digest() == a.Digest() {
		t.Error("other images have the same digest")
	}
}

func TestWritingAgainKeepsBlobsAndRemovesOthers(t *testing.T) {
	dir := t.TempDir()
	kept, gone := newImage(t, runtime.GOARCH), newImage(t, runtime.GOARCH)
	b := write(t, dir, Entry{Ref: one, Image: kept}, Entry{Ref: two, Image: gone})
	blob := b.blob(layers(t, kept)[0])
	before := stat(t, blob)
	b = write(t, dir, Entry{Ref: one, Image: kept})
	if after := stat(t, blob); !os.SameFile(before, after) {
		t.Error("a blob that was there was written again")
	}
	if _, err := os.Stat(b.blob(layers(t, gone)[0])); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a blob of no image is still there: %v", err)
	}
	if err := b.Verify(); err != nil {
		t.Error(err)
	}
}

func TestADirectoryWithoutAnIndexSaysHowToGetOne(t *testing.T) {
	_, err := Open(t.TempDir())
	wantError(t, err, "there is no index.json", "make images")
}

func TestADamagedIndexIsAnError(t *testing.T) {
	for name, content := range map[string]string{
		"cut off": `{"schemaVersion":2,"manifests":[{"media`,
		"empty":   ``,
		"no name": `{"schemaVersion":2,"manifests":[{"mediaType":"x","size":1,"digest":"sha256:` + strings.Repeat("0", 64) + `"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "index.json"), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Open(dir)
			wantError(t, err, "index.json", "make images")
		})
	}
}

func TestVerifyNamesTheImageAndTheBlob(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(t *testing.T, path string)
		want   string
	}{
		"missing":   {func(t *testing.T, path string) { check(t, os.Remove(path)) }, "is missing"},
		"truncated": {func(t *testing.T, path string) { check(t, os.Truncate(path, 3)) }, "has 3 bytes instead of"},
		"changed": {func(t *testing.T, path string) {
			data, err := os.ReadFile(path)
			check(t, err)
			data[len(data)/2] ^= 1
			check(t, os.WriteFile(path, data, 0o644))
		}, "has other content than its digest says"},
	} {
		t.Run(name, func(t *testing.T) {
			image := newImage(t, runtime.GOARCH)
			b := write(t, t.TempDir(), Entry{Ref: one, Image: image}, Entry{Ref: two, Image: newImage(t, runtime.GOARCH)})
			config, err := image.ConfigName()
			check(t, err)
			for _, blob := range []v1.Hash{layers(t, image)[1], config, digest(t, image)} {
				b := copyOf(t, b)
				c.damage(t, b.blob(blob))
				wantError(t, b.Verify(), one, blob.String(), c.want, "make images")
				if strings.Contains(b.Verify().Error(), two) {
					t.Error("it blames the other image, too")
				}
			}
		})
	}
}

func TestVerifyReportsAllThatIsWrong(t *testing.T) {
	first, second := newImage(t, runtime.GOARCH), newImage(t, "mips")
	b := write(t, t.TempDir(), Entry{Ref: one, Image: first}, Entry{Ref: two, Image: second})
	check(t, os.Remove(b.blob(layers(t, first)[0])))
	check(t, os.Remove(b.blob(layers(t, first)[1])))
	err := b.Verify()
	wantError(t, err, layers(t, first)[0].String(), layers(t, first)[1].String(), two, "is for linux/mips", runtime.GOARCH)
}

func TestABrokenSharedLayerBreaksEveryImageOfIt(t *testing.T) {
	image := newImage(t, runtime.GOARCH)
	other, err := mutate.Config(image, v1.Config{User: "1"})
	check(t, err)
	b := write(t, t.TempDir(), Entry{Ref: one, Image: image}, Entry{Ref: two, Image: other})
	check(t, os.Remove(b.blob(layers(t, image)[0])))
	wantError(t, b.Verify(), one, two)
}

func TestRequireNamesWhatIsMissing(t *testing.T) {
	set := Set{list: []Image{{Pause, one, ""}, {Etcd, two, ""}}}
	b := write(t, t.TempDir(), Entry{Ref: one, Image: newImage(t, runtime.GOARCH)})
	wantError(t, b.Require(set.Images()), two+" (etcd)", "make images")
	check(t, b.Require(set.Images()[:1]))
}

func TestATarIsALayoutOfTheChosenImages(t *testing.T) {
	image := newImage(t, runtime.GOARCH)
	b := write(t, t.TempDir(), Entry{Ref: one, Image: image}, Entry{Ref: two, Image: newImage(t, runtime.GOARCH)})
	var out bytes.Buffer
	check(t, b.Tar(&out, one))
	dir := t.TempDir()
	untar(t, &out, dir)
	got, err := Open(dir)
	check(t, err)
	check(t, got.Verify())
	if diff := cmp.Diff([]string{one}, got.Refs()); diff != "" {
		t.Error(diff)
	}
	if name := got.index.Manifests[0].Annotations[annotationContainerd]; name != one {
		t.Errorf("containerd would name the image %q", name)
	}
	if err := b.Tar(io.Discard, "registry.example.com/three:v1"); err == nil {
		t.Error("an image that is not there is no error")
	}
}

func TestAStoreTarHasALayoutPerNamespace(t *testing.T) {
	set := Set{list: []Image{{Pause, one, ""}, {Kubelet, two, ""}, {Machine, "registry.example.com/machine:v1", ""}}}
	shared := newImage(t, runtime.GOARCH)
	b := write(t, t.TempDir(), Entry{Ref: one, Image: shared}, Entry{Ref: two, Image: shared})
	var out bytes.Buffer
	check(t, b.StoreTar(&out, set))
	dir := t.TempDir()
	untar(t, &out, dir)
	for namespace, want := range map[string]string{"k8s.io": one, "turnup": two} {
		layout, err := Open(filepath.Join(dir, namespace))
		check(t, err)
		check(t, layout.Verify())
		if diff := cmp.Diff([]string{want}, layout.Refs()); diff != "" {
			t.Errorf("namespace %s: %s", namespace, diff)
		}
	}
}

func TestADockerTarIsNamedInFull(t *testing.T) {
	image := newImage(t, runtime.GOARCH)
	b := write(t, t.TempDir(), Entry{Ref: one, Image: image})
	var out bytes.Buffer
	check(t, b.DockerTar(&out, one))
	manifest, err := tarball.LoadManifest(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(out.Bytes())), nil
	})
	check(t, err)
	if !slices.Equal(manifest[0].RepoTags, []string{one}) {
		t.Errorf("got %v", manifest[0].RepoTags)
	}
}
