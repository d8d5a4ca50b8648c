package kconfig

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
)

// load reads a regular file and says why it cannot be read.
func (p *parser) load(file string) (text, problem string) {
	if !fs.ValidPath(file) {
		return "", fmt.Sprintf("%q is not a path inside of the root", file)
	}
	size, problem := p.regular(file)
	if problem != "" {
		return "", problem
	}
	f, err := p.fsys.Open(file)
	if err != nil {
		return "", reason(file, err)
	}
	defer f.Close()
	data, err := p.readAll(f, size)
	if err != nil {
		return "", reason(file, err)
	}
	p.size += len(data)
	if len(data) > maxFileSize || p.size > maxTreeSize {
		return "", fmt.Sprintf("%s is too large: a file may have %d MiB, all together %d MiB",
			file, maxFileSize>>20, maxTreeSize>>20)
	}
	if at := bytes.IndexByte(data, 0); at >= 0 {
		return "", fmt.Sprintf("%s is not a text: byte %d is zero", file, at)
	}
	return string(data), ""
}

// readAll reads a file that should have a size, up to one byte more than a file
// may have. The result is valid until the next call.
func (p *parser) readAll(f fs.File, size int64) ([]byte, error) {
	data := slices.Grow(p.scratch[:0], int(min(size, maxFileSize))+1)
	defer func() { p.scratch = data }()
	for len(data) <= maxFileSize {
		if len(data) == cap(data) {
			data = slices.Grow(data, len(data))
		}
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case errors.Is(err, io.EOF):
			return data, nil
		case err != nil:
			return nil, err
		case int64(len(data)) == size:
			// All of it: this saves the read that finds the end.
			return data, nil
		}
	}
	return data, nil
}

// regular says why a path is not that of a regular file. Links are refused
// wherever they lead: what a tree reads must be in the tree.
func (p *parser) regular(file string) (size int64, problem string) {
	for dir := path.Dir(file); !p.plain[dir]; dir = path.Dir(dir) {
		info, err := fs.Lstat(p.fsys, dir)
		if err != nil {
			return 0, reason(file, err)
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return 0, fmt.Sprintf("%s is behind the link %s; links are not followed", file, dir)
		}
		p.plain[dir] = true
	}
	info, err := fs.Lstat(p.fsys, file)
	switch {
	case err != nil:
		return 0, reason(file, err)
	case info.Mode()&fs.ModeSymlink != 0:
		return 0, fmt.Sprintf("%s is a link; links are not followed", file)
	case info.IsDir():
		return 0, fmt.Sprintf("%s is a directory, not a file", file)
	case !info.Mode().IsRegular():
		return 0, fmt.Sprintf("%s is not a regular file", file)
	}
	return info.Size(), ""
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
