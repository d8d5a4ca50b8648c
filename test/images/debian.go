package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// debian makes root file systems of Debian packages, of the release and from
// the mirrors this computer itself uses: the programs built with cgo link its libraries.
type debian struct {
	cache string
	etc   string // /etc
	mu    sync.Mutex
	done  map[string]func() (string, error)
}

// root returns a tar of a root file system, and its key: the packages and the release.
func (d *debian) root(ctx context.Context, name string) (path, key string, err error) {
	codename, err := d.codename()
	if err != nil {
		return "", "", err
	}
	include := packages()[name]
	key = hash(append([]string{codename, unwanted}, include...)...)
	d.mu.Lock()
	once, found := d.done[name]
	if !found {
		once = sync.OnceValues(func() (string, error) { return d.make(ctx, name, key, codename, include) })
		d.done[name] = once
	}
	d.mu.Unlock()
	path, err = once()
	return path, key, err
}

func (d *debian) make(ctx context.Context, name, key, codename string, include []string) (string, error) {
	path := filepath.Join(d.cache, name+"-"+key[:12]+".tar")
	if exists(path) {
		return path, nil
	}
	if _, err := exec.LookPath("mmdebstrap"); err != nil {
		return "", errors.New("make a Debian root: mmdebstrap is not installed; run `apt-get install mmdebstrap`")
	}
	sources, err := d.sources(codename)
	if err != nil {
		return "", err
	}
	list, whole := path+".list", path+".whole"
	if err := writeFile(list, []byte(sources)); err != nil {
		return "", err
	}
	defer os.Remove(list)
	defer os.Remove(whole)
	if _, err := output(ctx, "", nil, "mmdebstrap", "--quiet", "--variant=essential", "--format=tar",
		"--include="+strings.Join(include, ","), codename, whole, list); err != nil {
		return "", err
	}
	if err := trim(whole, path+".new"); err != nil {
		return "", fmt.Errorf("trim %s: %w", whole, err)
	}
	if err := d.forget(name); err != nil {
		return "", err
	}
	return path, os.Rename(path+".new", path)
}

// forget removes the root of that name that was made from other packages.
func (d *debian) forget(name string) error {
	old, err := filepath.Glob(filepath.Join(d.cache, name+"-*.tar"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// codename is this computer's Debian release.
func (d *debian) codename() (string, error) {
	data, err := os.ReadFile(filepath.Join(d.etc, "os-release"))
	if err != nil {
		return "", fmt.Errorf("find the Debian release: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if name, found := strings.CutPrefix(strings.TrimSpace(line), "VERSION_CODENAME="); found {
			return strings.Trim(name, `"`), nil
		}
	}
	return "", errors.New("find the Debian release: /etc/os-release has no VERSION_CODENAME; the images are built on Debian")
}

// sources are those of this computer's apt sources that are the release itself;
// others, of vendors, have suites of other names.
func (d *debian) sources(codename string) (string, error) {
	files := []string{filepath.Join(d.etc, "apt/sources.list")}
	for _, pattern := range []string{"*.list", "*.sources"} {
		more, err := filepath.Glob(filepath.Join(d.etc, "apt/sources.list.d", pattern))
		if err != nil {
			return "", err
		}
		files = append(files, more...)
	}
	var lines []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("read apt's sources: %w", err)
		}
		if strings.HasSuffix(file, ".sources") {
			lines = append(lines, stanzas(string(data), codename)...)
		} else {
			lines = append(lines, oneLine(string(data), codename)...)
		}
	}
	if len(lines) == 0 {
		return "", fmt.Errorf("find a Debian mirror: apt's sources have no suite %s", codename)
	}
	return strings.Join(lines, "\n") + "\n", nil
}

func isSuite(suite, codename string) bool {
	switch suite {
	case codename, codename + "-updates", codename + "-security", codename + "/updates":
		return true
	}
	return false
}

// oneLine picks from the format `deb [options] uri suite component…`.
func oneLine(text, codename string) []string {
	var lines []string
	form := regexp.MustCompile(`^deb\s+(\[[^]]*\]\s+)?\S+\s+(\S+)\s`)
	for line := range strings.Lines(text) {
		if m := form.FindStringSubmatch(line); m != nil && isSuite(m[2], codename) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// stanzas picks from the format deb822, and writes the other.
func stanzas(text, codename string) []string {
	var lines []string
	for stanza := range strings.SplitSeq(text, "\n\n") {
		fields := map[string]string{}
		for line := range strings.Lines(stanza) {
			if key, value, found := strings.Cut(line, ":"); found && !strings.HasPrefix(line, "#") {
				fields[strings.ToLower(key)] = strings.TrimSpace(value)
			}
		}
		if fields["types"] == "" || fields["enabled"] == "no" {
			continue
		}
		options := ""
		if key := fields["signed-by"]; strings.HasPrefix(key, "/") {
			options = "[signed-by=" + key + "] "
		}
		for _, uri := range strings.Fields(fields["uris"]) {
			for _, suite := range strings.Fields(fields["suites"]) {
				if isSuite(suite, codename) {
					lines = append(lines, "deb "+options+uri+" "+suite+" "+fields["components"])
				}
			}
		}
	}
	return lines
}

// unwanted is what no container needs: documentation, translations, caches, the
// package manager's perl, device nodes, this computer's own name and resolver, and host
// keys, which no two machines may share.
const unwanted = `^(usr/share/(doc|man|info|locale|perl.*|bash-completion|zsh|i18n|lintian|bug)/.+` +
	`|usr/lib/[^/]+/(perl.*|gconv)/.+|usr/bin/(perl.*|openssl|localedef)|usr/lib/[^/]+/libperl.*` +
	`|var/(cache|lib/apt|log)/.+|dev/.+|etc/(machine-id|hostname|resolv\.conf|hosts|ssh/ssh_host_.+))$`

// trim copies a root without the unwanted.
func trim(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	drop := regexp.MustCompile(unwanted)
	source, sink := tar.NewReader(in), tar.NewWriter(out)
	for {
		h, err := source.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(h.Name, "./")
		if name == "" || drop.MatchString(strings.TrimSuffix(name, "/")) {
			continue
		}
		h.Name = name
		anonymous(h)
		if err := sink.WriteHeader(h); err != nil {
			return err
		}
		if _, err := io.Copy(sink, source); err != nil {
			return err
		}
	}
	if err := sink.Close(); err != nil {
		return err
	}
	return out.Close()
}
