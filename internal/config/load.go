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

// maxSize keeps a wrong path (a bundle, a device) from filling the memory.
const maxSize = 1 << 20

// Load reads a config file. "-" is stdin; "" is DefaultPath, and all defaults
// when there is no such file. A path that was asked for has to exist.
func Load(path string, stdin io.Reader) (Cluster, error) {
	if path == "-" {
		if stdin == nil {
			return Cluster{}, errors.New("read config: there is no standard input")
		}
		return read(stdin, "<stdin>")
	}
	name := path
	if path == "" {
		name = DefaultPath
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && path == "":
		return Default(), nil
	case errors.Is(err, fs.ErrNotExist):
		return Cluster{}, fmt.Errorf("read config %s: no such file; leave it out for all defaults: %w", name, fs.ErrNotExist)
	case err != nil:
		return Cluster{}, fmt.Errorf("read config: %w", err)
	case info.IsDir():
		return Cluster{}, fmt.Errorf("read config %s: it is a directory; name the file in it", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return Cluster{}, fmt.Errorf("read config: %w", err)
	}
	defer func() { _ = file.Close() }() // only read from
	return read(file, name)
}

func read(from io.Reader, name string) (Cluster, error) {
	data, err := io.ReadAll(io.LimitReader(from, maxSize+1))
	if err != nil {
		return Cluster{}, fmt.Errorf("read config %s: %w", name, err)
	}
	if len(data) > maxSize {
		return Cluster{}, fmt.Errorf("read config %s: larger than 1 MiB; is this a config?", name)
	}
	return Decode(data, name)
}
