package krew

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// licenses are the names, in lower case, of which one has to be in an archive.
func licenses() []string {
	return []string{"license", "license.txt", "license.md", "licenses", "licenses.txt", "licenses.md", "copying", "copying.txt"}
}

// Install does with an archive what `krew install --manifest --archive` does:
// it checks the digest, unpacks the files into root/store/NAME/VERSION, wants a
// license among them, and links the program as root/bin/kubectl-NAME. It returns
// the link's path.
func Install(root string, m Manifest, pair string, archive []byte) (string, error) {
	at := slices.IndexFunc(m.Spec.Platforms, func(p Platform) bool { return p.matches(pair) })
	if at < 0 {
		return "", fmt.Errorf("plugin %s does not offer installation for %s", m.Metadata.Name, pair)
	}
	p := m.Spec.Platforms[at]
	if got := fmt.Sprintf("%x", sha256.Sum256(archive)); got != p.SHA256 {
		return "", fmt.Errorf("checksum does not match, want: %s, got: %s", p.SHA256, got)
	}
	dir := filepath.Join(root, "store", m.Metadata.Name, m.Spec.Version)
	names, err := unpack(dir, archive)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(names, func(name string) bool { return slices.Contains(licenses(), strings.ToLower(name)) }) {
		return "", errors.New("there is no license in the archive")
	}
	program := filepath.Join(dir, filepath.FromSlash(p.Bin))
	if _, err := os.Stat(program); err != nil {
		return "", fmt.Errorf("bin: %w", err)
	}
	// krew writes a dash of a plugin's name as an underscore, so that kubectl
	// takes the name for one word.
	link := filepath.Join(root, "bin", "kubectl-"+strings.ReplaceAll(m.Metadata.Name, "-", "_"))
	if strings.HasPrefix(pair, "windows/") {
		link += ".exe"
	}
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		return "", err
	}
	if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return link, os.Symlink(program, link)
}

// unpack writes the regular files of a .tar.gz below a directory, and returns
// their names.
func unpack(dir string, archive []byte) ([]string, error) {
	zip, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	var names []string
	for reader := tar.NewReader(zip); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		if !filepath.IsLocal(header.Name) || header.Typeflag != tar.TypeReg {
			return nil, fmt.Errorf("the archive holds %q, which is no file below it", header.Name)
		}
		path := filepath.Join(dir, header.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		data, err := io.ReadAll(reader)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, data, header.FileInfo().Mode().Perm()); err != nil {
			return nil, err
		}
		names = append(names, header.Name)
	}
}
