package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// world is the cloud: a directory with one file for each object, which tests
// read, change and remove. Without a directory there is only Terraform's state.
type world struct{ dir string }

// asked keeps what data sources were asked for, in a directory of their own.
func (w world) asked(o object) error {
	questions := world{dir: filepath.Join(w.dir, "data")}
	if err := os.MkdirAll(questions.dir, 0o700); err != nil {
		return err
	}
	return questions.put(o)
}

// object is one thing in the cloud.
type object struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	// Generation counts how often it was made and changed.
	Generation int `json:"generation"`
	// Config is what was asked for, Values all that there is: both as in Terraform's state.
	Config json.RawMessage `json:"config"`
	Values json.RawMessage `json:"values,omitempty"`
}

func (w world) exists() bool { return w.dir != "" }

func (w world) path(kind, id string) string {
	sum := sha256.Sum256([]byte(id))
	return filepath.Join(w.dir, kind+"."+hex.EncodeToString(sum[:6])+".json")
}

// get returns an object, or false if it is gone.
func (w world) get(kind, id string) (object, bool, error) {
	data, err := os.ReadFile(w.path(kind, id))
	if errors.Is(err, fs.ErrNotExist) {
		return object{}, false, nil
	}
	var o object
	if err == nil {
		err = json.Unmarshal(data, &o)
	}
	return o, err == nil, err
}

func (w world) put(o object) error {
	data, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return err
	}
	next := w.path(o.Type, o.ID) + ".new"
	if err := os.WriteFile(next, append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(next, w.path(o.Type, o.ID))
}

func (w world) remove(kind, id string) error {
	if err := os.Remove(w.path(kind, id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// list returns the objects of a type, or all.
func (w world) list(kind string) ([]object, error) {
	if kind == "" {
		kind = "*"
	}
	paths, err := filepath.Glob(filepath.Join(w.dir, kind+".*.json"))
	if err != nil {
		return nil, err
	}
	var objects []object
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		var o object
		if err == nil {
			err = json.Unmarshal(data, &o)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		objects = append(objects, o)
	}
	return objects, nil
}
