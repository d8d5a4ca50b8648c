package main

import (
	"io"
	"log"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/images/imagetest"
	mirror "turnup.dev/kubectl-turnup/internal/images/registry"
)

// builtOn is a bundle as a machine of an architecture makes one.
func builtOn(t *testing.T, arch string, refs ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), arch)
	var entries []images.Entry
	for _, ref := range refs {
		entries = append(entries, images.Entry{Ref: ref, Image: imagetest.Random(t, arch, 1, 512)})
	}
	if err := images.Write(dir, entries); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestOurImagesOfTwoArchitecturesBecomeOneAndReachARegistry(t *testing.T) {
	const manager, kubelet, foreign = images.Own + "addon-manager:v1", images.Own + "kubelet:v1", "registry.k8s.io/pause:1"
	intel, arm := builtOn(t, "amd64", manager, kubelet, foreign), builtOn(t, "arm64", foreign, kubelet, manager)
	out, turned := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "turned")
	for dir, from := range map[string][]string{out: {intel, arm}, turned: {arm, intel}} {
		if err := merge(dir, from); err != nil {
			t.Fatal(err)
		}
	}
	b, err := images.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Refs(); !slices.Equal(got, []string{manager, kubelet}) {
		t.Errorf("published are %v", got)
	}
	if other, err := images.Open(turned); err != nil || other.Digest() != b.Digest() {
		t.Errorf("in another order it is another bundle (%v)", err)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		if err := b.VerifyFor(arch); err != nil {
			t.Errorf("on %s: %v", arch, err)
		}
	}

	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	pushed, err := mirror.Client{}.Push(t.Context(), b, host+"/ours", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range pushed {
		tag, err := name.ParseReference(ref)
		if err != nil {
			t.Fatal(err)
		}
		image, err := remote.Image(tag, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: "arm64"}))
		if err != nil {
			t.Fatal(err)
		}
		if file, err := image.ConfigFile(); err != nil || file.Architecture != "arm64" {
			t.Errorf("%s on arm64: %v, %v", ref, file, err)
		}
	}
}

func TestBundlesThatDoNotGoTogetherAreRefused(t *testing.T) {
	one, other := images.Own+"kubelet:v1", images.Own+"kubelet:v2"
	intel := builtOn(t, "amd64", one)
	for says, dirs := range map[string][]string{
		"two of the bundles are for amd64": {intel, builtOn(t, "amd64", one)},
		"build both from the same commit":  {intel, builtOn(t, "arm64", other)},
		"has no image of":                  {builtOn(t, "amd64", "registry.k8s.io/pause:1")},
		"there is no index.json":           {t.TempDir()},
	} {
		if err := merge(filepath.Join(t.TempDir(), "out"), dirs); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}
