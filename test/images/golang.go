package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// compiler builds Go programs into a directory, each at most once per run, and
// not at all when neither the program nor its module changed.
type compiler struct {
	root string // of the repository
	bin  string // where the programs go
	mu   sync.Mutex
	done map[string]func() (string, error)
}

// build returns the key of a program: what it depends on, as a hash. The file
// is then in the bin directory.
func (c *compiler) build(ctx context.Context, name string) (string, error) {
	c.mu.Lock()
	once, found := c.done[name]
	if !found {
		once = sync.OnceValues(func() (string, error) { return c.compile(ctx, name) })
		c.done[name] = once
	}
	c.mu.Unlock()
	return once()
}

func (c *compiler) compile(ctx context.Context, name string) (string, error) {
	p, known := programs()[name]
	if !known {
		return "", fmt.Errorf("there is no program %q", name)
	}
	out := filepath.Join(c.bin, name)
	if p.Main {
		// Its sources are what people edit; the compiler knows best what changed.
		if err := c.gobuild(ctx, p, out, c.root); err != nil {
			return "", err
		}
		return hashFile(out)
	}
	modules := filepath.Join(c.root, "test/images", cmp.Or(p.Module, "modules"))
	key, err := c.key(ctx, p, modules)
	if err != nil {
		return "", err
	}
	mark := filepath.Join(c.bin, ".keys", name)
	if old, err := os.ReadFile(mark); err == nil && string(old) == key && exists(out) {
		return key, nil
	}
	if err := c.gobuild(ctx, p, out, modules); err != nil {
		return "", err
	}
	return key, writeFile(mark, []byte(key))
}

func (c *compiler) key(ctx context.Context, p program, modules string) (string, error) {
	version, err := output(ctx, modules, nil, "go", "env", "GOVERSION", "GOARCH")
	if err != nil {
		return "", err
	}
	parts := []string{version, fmt.Sprint(p.args("")), fmt.Sprint(p.env())}
	files := []string{"go.mod", "go.sum"}
	if _, own, is := strings.Cut(p.Package, "test/images/modules/"); is {
		files = append(files, filepath.Join(own, "main.go"))
	}
	for _, file := range files {
		hash, err := hashFile(filepath.Join(modules, file))
		if err != nil {
			return "", err
		}
		parts = append(parts, hash)
	}
	return hash(parts...), nil
}

func (c *compiler) gobuild(ctx context.Context, p program, out, dir string) error {
	// The linker writes in place: never over a binary that is running.
	fresh := out + ".new"
	if _, err := output(ctx, dir, p.env(), "go", p.args(fresh)...); err != nil {
		if len(p.CGO) > 0 {
			return fmt.Errorf("%w\n(it needs the Debian packages %s)", err, strings.Join(p.CGO, ", "))
		}
		return err
	}
	return os.Rename(fresh, out)
}

func (p program) args(out string) []string {
	flags := "-s -w"
	for _, value := range p.Values {
		flags += " -X " + value
	}
	if p.Static {
		flags += " -linkmode external -extldflags -static"
	}
	// No revision inside: a commit that changes no program would make other images.
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", flags}
	if p.Language != "" {
		args = append(args, "-gcflags", p.Language)
	}
	if p.Tags != "" {
		args = append(args, "-tags", p.Tags)
	}
	return append(args, "-o", out, p.Package)
}

func (p program) env() []string {
	cgo := "CGO_ENABLED=0"
	if len(p.CGO) > 0 {
		cgo = "CGO_ENABLED=1"
	}
	return []string{cgo, "GOWORK=off", "GOOS=linux"}
}

// output runs a command; its error holds the command and the last lines it wrote.
func output(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	// mmdebstrap unmounts and removes what it made when it is asked to stop.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run %s %s: %w\n%s", name, strings.Join(args, " "), err, tail(stderr.String(), 15))
	}
	return string(out), nil
}

func tail(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
