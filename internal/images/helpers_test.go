package images

import (
	"archive/tar"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"turnup.dev/kubectl-turnup/internal/images/imagetest"
)

func newImage(t *testing.T, arch string) v1.Image {
	t.Helper()
	return imagetest.Random(t, arch, 2, 256)
}

func write(t *testing.T, dir string, entries ...Entry) *Bundle {
	t.Helper()
	check(t, Write(dir, entries))
	b, err := Open(dir)
	check(t, err)
	return b
}

func copyOf(t *testing.T, b *Bundle) *Bundle {
	t.Helper()
	dir := t.TempDir()
	check(t, os.CopyFS(dir, os.DirFS(b.dir)))
	c, err := Open(dir)
	check(t, err)
	return c
}

func untar(t *testing.T, from io.Reader, dir string) {
	t.Helper()
	for in := tar.NewReader(from); ; {
		h, err := in.Next()
		if err == io.EOF {
			return
		}
		check(t, err)
		data, err := io.ReadAll(in)
		check(t, err)
		path := filepath.Join(dir, h.Name)
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is in the tar twice", h.Name)
		}
		check(t, os.MkdirAll(filepath.Dir(path), 0o755))
		check(t, os.WriteFile(path, data, 0o644))
	}
}

func digest(t *testing.T, image v1.Image) v1.Hash {
	t.Helper()
	h, err := image.Digest()
	check(t, err)
	return h
}

func layers(t *testing.T, image v1.Image) []v1.Hash {
	t.Helper()
	list, err := image.Layers()
	check(t, err)
	var hashes []v1.Hash
	for _, layer := range list {
		h, err := layer.Digest()
		check(t, err)
		hashes = append(hashes, h)
	}
	return hashes
}

func stat(t *testing.T, path string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	check(t, err)
	return info
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}
