package source

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestPackAndUnpackAreInverse(t *testing.T) {
	files := map[string][]byte{"a/kustomization.yaml": []byte("x"), "b/deep/er.yaml": []byte("y"), "empty": {}}
	blob, sum, err := Pack(files)
	if err != nil {
		t.Fatal(err)
	}
	again, sumAgain, err := Pack(map[string][]byte{"empty": {}, "b/deep/er.yaml": []byte("y"), "a/kustomization.yaml": []byte("x")})
	if err != nil || sum != sumAgain || !bytes.Equal(blob, again) {
		t.Fatalf("the same files give other bytes: %s, %s (%v)", sum, sumAgain, err)
	}
	got, err := Unpack(blob)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(files, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnpackTrustsNothing(t *testing.T) {
	for what, headers := range map[string][]tar.Header{
		"a path that climbs":      {{Name: "../evil", Typeflag: tar.TypeReg}},
		"a path that climbs late": {{Name: "a/../../evil", Typeflag: tar.TypeReg}},
		"an absolute path":        {{Name: "/etc/passwd", Typeflag: tar.TypeReg}},
		"a backslash":             {{Name: `a\b`, Typeflag: tar.TypeReg}},
		"a symbolic link":         {{Name: "link", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}},
		"a hard link":             {{Name: "link", Linkname: "a", Typeflag: tar.TypeLink}},
		"a device":                {{Name: "null", Typeflag: tar.TypeChar}},
		"a file twice":            {{Name: "a", Typeflag: tar.TypeReg}, {Name: "a", Typeflag: tar.TypeReg}},
	} {
		t.Run(what, func(t *testing.T) {
			if files, err := Unpack(archive(t, headers)); err == nil {
				t.Errorf("it was unpacked: %v", files)
			}
		})
	}
	t.Run("a bomb", func(t *testing.T) {
		var buf bytes.Buffer
		zip := gzip.NewWriter(&buf)
		writer := tar.NewWriter(zip)
		if err := writer.WriteHeader(&tar.Header{Name: "zeros", Typeflag: tar.TypeReg, Size: MaxBytes + 1}); err != nil {
			t.Fatal(err)
		}
		zeros := make([]byte, 1<<20)
		for range MaxBytes >> 20 {
			if _, err := writer.Write(zeros); err != nil {
				t.Fatal(err)
			}
		}
		zip.Close()
		if _, err := Unpack(buf.Bytes()); err == nil || !strings.Contains(err.Error(), "MiB") {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("a truncated tarball", func(t *testing.T) {
		blob, _, err := Pack(map[string][]byte{"a": bytes.Repeat([]byte("abc"), 5000)})
		if err != nil {
			t.Fatal(err)
		}
		for cut := range len(blob) - 1 {
			if _, err := Unpack(blob[:cut]); err == nil {
				t.Fatalf("the first %d of %d bytes were unpacked", cut, len(blob))
			}
		}
	})
}

func archive(t *testing.T, headers []tar.Header) []byte {
	t.Helper()
	var buf bytes.Buffer
	zip := gzip.NewWriter(&buf)
	writer := tar.NewWriter(zip)
	for _, header := range headers {
		if err := writer.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
	}
	if writer.Close() != nil || zip.Close() != nil {
		t.Fatal("not written")
	}
	return buf.Bytes()
}

func TestFilesRefusesLinks(t *testing.T) {
	tree := fstest.MapFS{"a/x.yaml": {Data: []byte("x")}, ".git/config": {Data: []byte("secret")}}
	files, err := Files(tree)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	tree["a/link"] = &fstest.MapFile{Data: []byte("../../etc/passwd"), Mode: 0o777 | 1<<27}
	if _, err := Files(tree); err == nil || !strings.Contains(err.Error(), "a/link") {
		t.Errorf("error is %v", err)
	}
}

func FuzzUnpack(f *testing.F) {
	blob, _, err := Pack(map[string][]byte{"a/kustomization.yaml": []byte("resources: []")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(blob)
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := Unpack(data)
		if err != nil {
			return
		}
		for name := range files {
			if err := guard(name); err != nil {
				t.Error(err)
			}
		}
	})
}
