package kconfig

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// load reads a regular file and says why it cannot be read.
func (p *parser) load(file string) (text, problem string) {
	if !fs.ValidPath(file) {
		return "", fmt.Sprintf("%q is not a path inside of the root", file)
	}
	if problem := p.regular(file); problem != "" {
		return "", problem
	}
	f, err := p.fsys.Open(file)
	if err != nil {
		return "", reason(file, err)
	}
	defer f.Close()
	var b strings.Builder
	if info, err := f.Stat(); err == nil && info.Size() < maxFileSize {
		b.Grow(int(info.Size()) + 1)
	}
	if _, err := io.Copy(&b, io.LimitReader(f, maxFileSize+1)); err != nil {
		return "", reason(file, err)
	}
	p.size += b.Len()
	if b.Len() > maxFileSize || p.size > maxTreeSize {
		return "", fmt.Sprintf("%s is too large: a file may have %d MiB, all together %d MiB",
			file, maxFileSize>>20, maxTreeSize>>20)
	}
	if at := strings.IndexByte(b.String(), 0); at >= 0 {
		return "", fmt.Sprintf("%s is not a text: byte %d is zero", file, at)
	}
	return b.String(), ""
}

// regular says why a path is not that of a regular file. Links are refused
// wherever they lead: what a tree reads must be in the tree.
func (p *parser) regular(file string) (problem string) {
	for dir := path.Dir(file); !p.plain[dir]; dir = path.Dir(dir) {
		info, err := fs.Lstat(p.fsys, dir)
		if err != nil {
			return reason(file, err)
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return fmt.Sprintf("%s is behind the link %s; links are not followed", file, dir)
		}
		p.plain[dir] = true
	}
	info, err := fs.Lstat(p.fsys, file)
	switch {
	case err != nil:
		return reason(file, err)
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Sprintf("%s is a link; links are not followed", file)
	case info.IsDir():
		return fmt.Sprintf("%s is a directory, not a file", file)
	case !info.Mode().IsRegular():
		return fmt.Sprintf("%s is not a regular file", file)
	}
	return ""
}

func reason(file string, err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Sprintf("%s does not exist", file)
	}
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return fmt.Sprintf("read %s: %v", file, err)
}
