package krew

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"
)

func good() Manifest {
	return New(Plugin{
		Name: "turnup", Version: "v1.2.3", Homepage: "https://example.org", Short: "Turn up", Description: "Turns up.",
	}, []Archive{
		{Platform: "linux/amd64", URI: "https://example.org/a.tar.gz", SHA256: strings.Repeat("a", 64), Bin: "kubectl-turnup"},
		{Platform: "windows/amd64", URI: "https://example.org/b.zip", SHA256: strings.Repeat("b", 64), Bin: "kubectl-turnup.exe"},
	})
}

func TestAGoodManifestIsAcceptedAndReadBack(t *testing.T) {
	data, err := good().Encode()
	if err != nil {
		t.Fatal(err)
	}
	m, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := Validate("plugins/turnup.yaml", m); err != nil {
		t.Error(err)
	}
}

func TestWhatKrewRefusesIsRefused(t *testing.T) {
	for want, spoil := range map[string]func(*Manifest){
		"apiVersion is":                          func(m *Manifest) { m.APIVersion = "v1" },
		"kind is":                                func(m *Manifest) { m.Kind = "Pod" },
		"the file is named turnup.yaml":          func(m *Manifest) { m.Metadata.Name = "turn-up" },
		"is not a name that krew takes":          func(m *Manifest) { m.Metadata.Name = "nul" },
		"is no semantic version with v":          func(m *Manifest) { m.Spec.Version = "1.2.3" },
		"shortDescription is not one line":       func(m *Manifest) { m.Spec.ShortDescription = "a\nb" },
		"description is empty":                   func(m *Manifest) { m.Spec.Description = "" },
		"spec.platforms is empty":                func(m *Manifest) { m.Spec.Platforms = nil },
		"[0] and [1] both match linux/amd64":     func(m *Manifest) { m.Spec.Platforms[1] = m.Spec.Platforms[0] },
		"the selector is empty":                  func(m *Manifest) { m.Spec.Platforms[0].Selector.MatchLabels = nil },
		`has the key "libc"`:                     func(m *Manifest) { m.Spec.Platforms[0].Selector.MatchLabels["libc"] = "musl" },
		"matches no platform that krew knows":    func(m *Manifest) { m.Spec.Platforms[0].Selector.MatchLabels["os"] = "plan9" },
		"is no digest":                           func(m *Manifest) { m.Spec.Platforms[0].SHA256 = "A" },
		"is no URL":                              func(m *Manifest) { m.Spec.Platforms[0].URI = "http://x/a.zip" },
		"is neither .tar.gz nor .zip":            func(m *Manifest) { m.Spec.Platforms[0].URI = "https://x/a.tar" },
		`bin "../kubectl-turnup" is not inside`:  func(m *Manifest) { m.Spec.Platforms[0].Bin = "../kubectl-turnup" },
		`bin "kubectl-turnup" has no .exe on Wi`: func(m *Manifest) { m.Spec.Platforms[1].Bin = "kubectl-turnup" },
	} {
		m := good()
		spoil(&m)
		if err := Validate("turnup.yaml", m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

func archive(t *testing.T, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	writer := tar.NewWriter(zip)
	for _, name := range names {
		if err := writer.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAnArchiveIsInstalledOnlyIfKrewWould(t *testing.T) {
	for want, names := range map[string][]string{
		"":                                   {"kubectl-turnup", "COPYING"},
		"there is no license in the archive": {"kubectl-turnup"},
		"bin:":                               {"LICENSE"},
		"which is no file below it":          {"../kubectl-turnup"},
	} {
		m, data := good(), archive(t, names...)
		m.Spec.Platforms[0].SHA256 = fmt.Sprintf("%x", sha256.Sum256(data))
		link, err := Install(t.TempDir(), m, "linux/amd64", data)
		if want == "" {
			if target, errLink := os.Readlink(link); err != nil || errLink != nil || !strings.HasSuffix(target, "store/turnup/v1.2.3/kubectl-turnup") {
				t.Errorf("%s → %s: %v, %v", link, target, err, errLink)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", names, err, want)
		}
	}
	if _, err := Install(t.TempDir(), good(), "linux/amd64", nil); err == nil || !strings.Contains(err.Error(), "checksum does not match") {
		t.Errorf("a wrong archive: %v", err)
	}
	if _, err := Install(t.TempDir(), good(), "linux/arm64", nil); err == nil || !strings.Contains(err.Error(), "does not offer installation") {
		t.Errorf("a foreign platform: %v", err)
	}
}
