package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrChanged is that of a file which somebody else has changed since it was read.
var ErrChanged = errors.New("somebody else has changed it since it was read")

// Save writes the config into the file it was read from, at once or not at
// all. It says whether that changed the file, and refuses with ErrChanged to
// overwrite what it has not read.
func (f *File) Save() (changed bool, err error) {
	return f.save(Write(f.Config, f.Schema))
}

// SaveMinimal writes only what differs from the defaults.
func (f *File) SaveMinimal() (changed bool, err error) {
	return f.save(Minimal(f.Config, f.Schema))
}

// SaveBeside writes the config into another file, for what must not be lost and
// cannot go where it belongs. It returns the file's name.
func (f *File) SaveBeside() (string, error) {
	name := f.Name + ".new"
	return name, replace(name, Write(f.Config, f.Schema))
}

// ExportMinimal writes what differs from the defaults into any file.
func (f *File) ExportMinimal(path string) error { return replace(path, Minimal(f.Config, f.Schema)) }

func (f *File) save(data []byte) (changed bool, err error) {
	now, err := os.ReadFile(f.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !f.exists:
	case errors.Is(err, fs.ErrNotExist), err == nil && (!f.exists || !bytes.Equal(now, f.loaded)):
		return false, fmt.Errorf("write %s: %w", f.Name, ErrChanged)
	case err != nil:
		return false, fmt.Errorf("write config: %w", err)
	case bytes.Equal(now, data):
		return false, nil
	}
	if err := replace(f.Name, data); err != nil {
		return false, err
	}
	f.loaded, f.exists = data, true
	return true, nil
}

// replace writes a file beside the old one and puts it in its place, so that
// nobody ever sees half of it. The mode of the old one stays.
func replace(name string, data []byte) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	if link, err := filepath.EvalSymlinks(name); err == nil {
		name = link // the link stays, and what it points to changes
	}
	temp, err := os.CreateTemp(filepath.Dir(name), ".config-*.new")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, cause(err))
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(data)
	if err := errors.Join(err, temp.Chmod(mode), temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(temp.Name(), name); err != nil {
		return fmt.Errorf("write %s: %w", name, cause(err))
	}
	return nil
}

// cause is what went wrong, without the name of a file that nobody knows.
func cause(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
