package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// DefaultPath is where a config is looked for when nobody names one.
const DefaultPath = ".config.json"

// Stdin is the name of a config that was read from the standard input.
const Stdin = "<stdin>"

// maxSize keeps a wrong path (a bundle, a device) from filling the memory.
const maxSize = 1 << 20

// Load reads a config file. "-" is stdin; "" is DefaultPath, and all defaults
// when there is no such file. A path that was asked for has to exist.
func Load(path string, stdin io.Reader) (Cluster, error) {
	file, err := Open(path, stdin, Strict)
	if err != nil {
		return Cluster{}, err
	}
	return Of(file.Config), nil
}

// File is a config and the file it was read from.
type File struct {
	Document
	// Name is the file's path, or <stdin>, or DefaultPath.
	Name string

	// loaded is what stood in the file, and exists whether there was one.
	loaded []byte
	exists bool
}

// Exists says whether the file was there.
func (f *File) Exists() bool { return f.exists }

// Open is Load for those who change the config and save it again.
func Open(path string, stdin io.Reader, strictness Strictness) (*File, error) {
	name := path
	if path == "" {
		name = DefaultPath
	}
	data, err := load(name, stdin)
	if errors.Is(err, fs.ErrNotExist) && path == "" {
		return &File{Document: Document{Config: New()}, Name: name}, nil
	}
	if err != nil {
		return nil, err
	}
	if name == "-" {
		name = Stdin
	}
	doc, err := Read(data, name, strictness)
	if err != nil {
		return nil, err
	}
	return &File{Document: *doc, Name: name, loaded: data, exists: true}, nil
}

// OpenOrNew is Open for a file that is made if it is not there.
func OpenOrNew(path string, stdin io.Reader, strictness Strictness) (*File, error) {
	file, err := Open(path, stdin, strictness)
	if errors.Is(err, fs.ErrNotExist) && path != "-" {
		return &File{Document: Document{Config: New()}, Name: path}, nil
	}
	return file, err
}

// Into names another file for a config to be saved into. What is in it now is
// replaced.
func (f *File) Into(path string) error {
	if path == "" {
		path = DefaultPath
	}
	if path == "-" {
		f.Name = Stdin
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("write config %s: it is a directory; name the file in it", path)
	}
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read config: %w", err)
	}
	f.Name, f.loaded, f.exists = path, data, err == nil
	return nil
}

func load(name string, stdin io.Reader) ([]byte, error) {
	if name == "-" {
		if stdin == nil {
			return nil, errors.New("read config: there is no standard input")
		}
		return limited(stdin, Stdin)
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read config: %w", err)
	case info.IsDir():
		return nil, fmt.Errorf("read config %s: it is a directory; name the file in it", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	defer file.Close()
	return limited(file, name)
}

func limited(from io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read config %s: %w", name, err)
	}
	if len(data) > maxSize {
		return nil, fmt.Errorf("read config %s: larger than 1 MiB; is this a config?", name)
	}
	return data, nil
}
