package kconfig

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write golden files (the test still fails)")

// archive is a file of testdata: a comment with the rule it shows, and sections
// that start with a line "-- name --". Those named config… are flat
// configuration files, want… golden results, peers what other implementations
// do differently; all others are the files of a tree.
type archive struct {
	path     string
	rule     string
	sections []section
}

type section struct{ name, text string }

func readArchives(t testing.TB, dir string) []*archive {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", dir, "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives in %s: %v", dir, err)
	}
	var archives []*archive
	for _, path := range paths {
		archives = append(archives, parseArchiveFile(t, path))
	}
	return archives
}

func parseArchiveFile(t testing.TB, path string) *archive {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return parseArchive(path, string(data))
}

func parseArchive(path, data string) *archive {
	a := &archive{path: path}
	for line := range strings.Lines(data) {
		if name, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(name, " --\n") {
			a.sections = append(a.sections, section{name: strings.TrimSuffix(name, " --\n")})
		} else if len(a.sections) == 0 {
			a.rule += line
		} else {
			a.sections[len(a.sections)-1].text += line
		}
	}
	return a
}

func (a *archive) name() string {
	return strings.TrimSuffix(filepath.Base(a.path), ".txt")
}

func (a *archive) section(name string) string {
	for _, s := range a.sections {
		if s.name == name {
			return s.text
		}
	}
	return ""
}

// files are the files of the tree.
func (a *archive) files() fstest.MapFS {
	files := fstest.MapFS{}
	for _, s := range a.sections {
		if !isResult(s.name) && !strings.HasPrefix(s.name, "config") {
			files[s.name] = &fstest.MapFile{Data: []byte(s.text)}
		}
	}
	return files
}

func isResult(name string) bool {
	return strings.HasPrefix(name, "want") || name == "peers"
}

// configs are the configurations to evaluate, at least an empty one.
func (a *archive) configs() []section {
	var configs []section
	for _, s := range a.sections {
		if strings.HasPrefix(s.name, "config") {
			configs = append(configs, s)
		}
	}
	if configs == nil {
		return []section{{name: "config"}}
	}
	return configs
}

// compare checks golden sections, or writes them.
func (a *archive) compare(t *testing.T, got []section) {
	t.Helper()
	same := true
	for _, s := range got {
		if diff := cmp.Diff(a.section(s.name), s.text); diff != "" {
			same = false
			t.Errorf("%s: %s\n%s(-want +got):\n%s", a.path, s.name, a.rule, diff)
		}
	}
	if same || !*update {
		return
	}
	var out bytes.Buffer
	out.WriteString(a.rule)
	for _, s := range a.sections {
		if !strings.HasPrefix(s.name, "want") {
			fmt.Fprintf(&out, "-- %s --\n%s", s.name, s.text)
		}
	}
	if !bytes.HasSuffix(out.Bytes(), []byte("\n")) {
		t.Fatalf("%s: the last file of an archive ends with a newline", a.path)
	}
	for _, s := range got {
		fmt.Fprintf(&out, "-- %s --\n%s", s.name, s.text)
	}
	if err := os.WriteFile(a.path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
