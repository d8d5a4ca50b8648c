package main

import (
	"archive/tar"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSourcesAreTheReleaseItselfAndNoVendor(t *testing.T) {
	etc := t.TempDir()
	put(t, etc, "os-release", "NAME=Debian\nVERSION_CODENAME=bookworm\n")
	put(t, etc, "apt/sources.list", "# deb http://old.example bookworm main\n"+
		"deb [signed-by=/k.gpg] http://one.example/debian bookworm-updates main\n"+
		"deb-src http://one.example/debian bookworm main\n"+
		"deb http://vendor.example/apt cloud-sdk-bookworm main\n")
	put(t, etc, "apt/sources.list.d/debian.sources", "Types: deb\n# http://snapshot.example\nURIs: http://two.example/debian\n"+
		"Suites: bookworm trixie\nComponents: main contrib\nSigned-By: /usr/share/k.gpg\n\n"+
		"Types: deb\nEnabled: no\nURIs: http://off.example\nSuites: bookworm\nComponents: main\n\n"+
		"Types: deb\nURIs: http://two.example/security\nSuites: bookworm-security\nComponents: main\n")
	put(t, etc, "apt/sources.list.d/vendor.sources", "Types: deb\nURIs: https://vendor.example\nSuites: nodistro\nComponents: main\n")
	d := &debian{etc: etc}
	codename, err := d.codename()
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.sources(codename)
	if err != nil {
		t.Fatal(err)
	}
	want := "deb [signed-by=/k.gpg] http://one.example/debian bookworm-updates main\n" +
		"deb [signed-by=/usr/share/k.gpg] http://two.example/debian bookworm main contrib\n" +
		"deb http://two.example/security bookworm-security main\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNoSourceOfTheReleaseIsAnError(t *testing.T) {
	d := &debian{etc: t.TempDir()}
	if _, err := d.sources("bookworm"); err == nil || !strings.Contains(err.Error(), "bookworm") {
		t.Errorf("got %v", err)
	}
	if _, err := d.codename(); err == nil {
		t.Error("no os-release is no error")
	}
}

func TestTrimDropsWhatNoContainerNeeds(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from.tar"), filepath.Join(dir, "to.tar")
	file, err := os.Create(from)
	check(t, err)
	out := tar.NewWriter(file)
	for _, name := range []string{"./", "./usr/bin/ip", "./usr/share/doc/", "./usr/share/doc/x", "./usr/bin/perl5.36.0",
		"./dev/", "./dev/null", "./etc/hostname", "./etc/hosts.allow", "./var/log/", "./var/log/apt/", "./var/log/apt/history.log",
		"./var/cache/apt/pkgcache.bin", "./usr/lib/x86_64-linux-gnu/libc.so.6", "./var/lib/dpkg/status"} {
		h := &tar.Header{Name: name, Mode: 0o644, Uname: "root", Typeflag: tar.TypeReg}
		if strings.HasSuffix(name, "/") {
			h.Typeflag = tar.TypeDir
		}
		check(t, out.WriteHeader(h))
	}
	check(t, out.Close())
	check(t, file.Close())
	check(t, trim(from, to))
	want := []string{"usr/bin/ip", "usr/share/doc/", "dev/", "etc/hosts.allow", "var/log/",
		"usr/lib/x86_64-linux-gnu/libc.so.6", "var/lib/dpkg/status"}
	if diff := cmp.Diff(want, names(t, to)); diff != "" {
		t.Error(diff)
	}
}

func put(t *testing.T, dir, name, content string) {
	t.Helper()
	check(t, writeFile(filepath.Join(dir, name), []byte(content)))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
