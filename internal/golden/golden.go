// Package golden compares what a test got with a file under testdata. It is
// imported by tests only.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// update is -update, for the test binary of every package that imports this one.
var update = flag.Bool("update", false, "rewrite golden files (and fail, so that nobody accepts them unread)")

// Updating tells whether golden files are rewritten, for tests that have others
// than Check's.
func Updating() bool { return *update }

// Check fails the test if the file does not hold what the test got. With
// -update it writes the file, and fails all the same.
func Check(t testing.TB, path, got string) {
	t.Helper()
	want, err := os.ReadFile(path)
	if err == nil && string(want) == got {
		return
	}
	if *update {
		write(t, path, got)
		t.Errorf("%s is rewritten: read it, then run again without -update", path)
		return
	}
	if err != nil {
		t.Errorf("read golden file (-update writes it): %v", err)
		return
	}
	t.Errorf("%s (-want +got, -update rewrites it):\n%s", path, cmp.Diff(string(want), got))
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
