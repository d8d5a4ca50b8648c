package main

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEqualFilesMakeEqualLayers(t *testing.T) {
	var first, second bytes.Buffer
	source := filepath.Join(t.TempDir(), "program")
	for i, out := range []*bytes.Buffer{&first, &second} {
		check(t, os.WriteFile(source, []byte("text"), 0o600))
		check(t, os.Chtimes(source, time.Time{}, time.Unix(int64(i), 0)))
		f := files{"usr/bin/x": {mode: 0o755, source: source}, "tmp": {mode: 0o1777, dir: true},
			"tmp/y": {mode: 0o644, data: []byte("y")}, "etc/z": {link: "/dev/null"}}
		check(t, f.write(out))
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two layers of the same files differ")
	}
	path := filepath.Join(t.TempDir(), "layer.tar")
	check(t, os.WriteFile(path, first.Bytes(), 0o644))
	want := []string{"etc/", "etc/z", "tmp/", "tmp/y", "usr/", "usr/bin/", "usr/bin/x"}
	if diff := cmp.Diff(want, names(t, path)); diff != "" {
		t.Error(diff)
	}
}

func TestTheKeyChangesWithContentModeAndPath(t *testing.T) {
	keys := map[string]string{}
	for name, f := range map[string]files{
		"first":         {"a": {mode: 0o644, data: []byte("1")}},
		"other content": {"a": {mode: 0o644, data: []byte("2")}},
		"other mode":    {"a": {mode: 0o755, data: []byte("1")}},
		"other path":    {"b": {mode: 0o644, data: []byte("1")}},
		"a symlink":     {"a": {mode: 0o644, link: "1"}},
		"two files":     {"a": {mode: 0o644, data: []byte("1")}, "b": {mode: 0o644}},
	} {
		key, err := f.key()
		check(t, err)
		if other, twice := keys[key]; twice {
			t.Errorf("%s and %s have the same key", name, other)
		}
		keys[key] = name
	}
}

func TestATreeKeepsSymlinksAndWhatIsExecutable(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "etc/plain", "")
	put(t, dir, "bin/tool", "")
	check(t, os.Chmod(filepath.Join(dir, "bin/tool"), 0o700))
	check(t, os.Symlink("plain", filepath.Join(dir, "etc/link")))
	f := files{}
	check(t, f.addTree(dir, "/usr/local", false))
	got := map[string]int64{}
	for name, e := range f {
		got[name] = e.mode
	}
	want := map[string]int64{"usr/local/etc/plain": 0o644, "usr/local/bin/tool": 0o755, "usr/local/etc/link": 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if f["usr/local/etc/link"].link != "plain" {
		t.Error("the symlink has another target")
	}
}

func names(t *testing.T, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	check(t, err)
	defer file.Close()
	var list []string
	for in := tar.NewReader(file); ; {
		h, err := in.Next()
		if err == io.EOF {
			return list
		}
		check(t, err)
		list = append(list, h.Name)
	}
}
