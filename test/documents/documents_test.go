package documents

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

const root = "../.."

func read(t *testing.T) []Document {
	t.Helper()
	files, err := Files(root)
	if err != nil {
		t.Fatal(err)
	}
	var all []Document
	for _, path := range files {
		d, err := Read(root, path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	if len(all) < 20 {
		t.Fatalf("there are %d documents only", len(all))
	}
	return all
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	for _, broken := range BrokenLinks(root, read(t)) {
		t.Error(broken)
	}
}

func TestCommandsAreWhereTheyAreTried(t *testing.T) {
	for _, d := range read(t) {
		for _, b := range d.Blocks {
			if why := b.Misplaced(); why != "" {
				t.Errorf("%s:%d: %s", d.Path, b.Line, why)
			}
			if _, err := b.How(); b.IsCommands() && err != nil {
				t.Errorf("%s:%d: %v", d.Path, b.Line, err)
			}
		}
	}
}

// build builds the plugin, once for all tests.
var build = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "documents-"); err != nil {
		return "", err
	}
	// The test cache sees what this process reads, and not what the compiler does.
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		if err == nil && entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "bin" || name == "dist") {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-ldflags", "-s -w", "-o", filepath.Join(dir, "kubectl-turnup"), "./cmd/kubectl-turnup")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	return dir, cmd.Run()
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := build(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// plugin is the directory that the plugin is in, for the PATH.
func plugin(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED: it builds the plugin")
	}
	dir, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// placeholder is what stands in a sentence for something else.
var placeholder = regexp.MustCompile(`…|<|\.\.\.|\||\bVERB\b`)

func TestEveryCommandIsKnown(t *testing.T) {
	known, err := NewKnown(root)
	if err != nil {
		t.Fatal(err)
	}
	dir, home, helps := plugin(t), t.TempDir(), map[string]func() (string, error){}
	known.Plugin = func(args ...string) (string, error) {
		key := strings.Join(args, "\x00")
		if helps[key] == nil {
			helps[key] = sync.OnceValues(func() (string, error) {
				cmd := exec.Command(filepath.Join(dir, "kubectl-turnup"), args...)
				cmd.Env = Env(home, dir)
				out, err := cmd.CombinedOutput()
				return string(out), err
			})
		}
		return helps[key]()
	}
	check := func(d Document, line int, text string) {
		calls, err := Calls(text)
		if err != nil {
			t.Errorf("%s:%d: no shell reads this: %v", d.Path, line, err)
		}
		for _, call := range calls {
			if err := known.Check(call); err != nil {
				t.Errorf("%s:%d: %s: %v", d.Path, line, strings.Join(call, " "), err)
			}
		}
	}
	for _, d := range read(t) {
		for _, b := range d.Blocks {
			if b.IsCommands() {
				for _, c := range b.Commands() {
					check(d, c.Line, c.Text)
				}
			}
		}
		for _, s := range d.Spans {
			if regexp.MustCompile(`^(kubectl turnup|make) `).MatchString(s.Text) && !placeholder.MatchString(s.Text) {
				check(d, s.Line, s.Text)
			}
		}
	}
}

func TestEveryCommandRuns(t *testing.T) {
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	bin := plugin(t)
	if _, err := exec.LookPath("kubectl"); err != nil {
		t.Skip("SKIPPED: kubectl is not on the PATH")
	}
	for _, d := range read(t) {
		t.Run(d.Path, func(t *testing.T) {
			t.Parallel()
			shell := Shell{Dir: t.TempDir(), Checkout: checkout, Env: Env(t.TempDir(), bin)}
			for _, b := range d.Blocks {
				how, err := b.How()
				if err != nil || !b.IsCommands() || how.NotRun != "" || how.Cluster {
					continue // another test speaks of the error
				}
				if err := shell.Run(t.Context(), b); err != nil {
					t.Errorf("%s:%d: %v", d.Path, b.Line, err)
				}
			}
		})
	}
}
