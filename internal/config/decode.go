package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Decode reads a config: one JSON object that says what differs from Default.
// It is strict, and reports every problem at once with its place. name is the
// file's name for those reports.
func Decode(data []byte, name string) (Cluster, error) {
	if p, ok := malformed(data, name); ok {
		return Cluster{}, Problems{p}
	}
	r := &reader{dec: json.NewDecoder(bytes.NewReader(data)), data: data, name: name,
		config: Default(), seen: map[string]int{}, failed: map[string]bool{}}
	r.dec.UseNumber()
	if _, err := r.dec.Token(); err != nil {
		return Cluster{}, fmt.Errorf("%s: read the config: %w", name, err)
	}
	if err := r.object(""); err != nil {
		return Cluster{}, fmt.Errorf("%s: read the config: %w", name, err)
	}
	r.validate()
	if len(r.problems) > 0 {
		return Cluster{}, r.problems.sorted()
	}
	return r.config, nil
}

// reader walks over the tokens of a well-formed file.
type reader struct {
	dec      *json.Decoder
	data     []byte
	name     string
	config   Cluster
	seen     map[string]int  // path → offset of its value
	failed   map[string]bool // paths with a problem of their own
	problems Problems
}

func (r *reader) report(path string, offset int, format string, args ...any) {
	line, column := position(r.data, offset)
	r.failed[path] = true
	r.problems = append(r.problems,
		Problem{File: r.name, Path: path, Line: line, Column: column, Text: fmt.Sprintf(format, args...)})
}

// next returns the next token and where it starts.
func (r *reader) next() (json.Token, int, error) {
	start := int(r.dec.InputOffset())
	for start < len(r.data) && strings.IndexByte(" \t\r\n,:", r.data[start]) >= 0 {
		start++
	}
	token, err := r.dec.Token()
	return token, start, err
}

// object reads the members of the group at path, whose { was just read.
func (r *reader) object(path string) error {
	first := map[string]int{}
	for r.dec.More() {
		token, at, err := r.next()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		if path == "" && key == "$schema" {
			// Editors look it up; it says nothing about the cluster.
			if err := r.skip(); err != nil {
				return err
			}
			continue
		}
		full := key
		if path != "" {
			full = path + "." + key
		}
		if before, twice := first[key]; twice {
			line, _ := position(r.data, before)
			r.report(full, at, "the key stands twice, first in line %d; keep one", line)
			if err := r.skip(); err != nil {
				return err
			}
			continue
		}
		first[key] = at
		if err := r.member(full, key, at); err != nil {
			return err
		}
	}
	_, _, err := r.next() // the closing brace
	return err
}

// member reads the value of one key.
func (r *reader) member(path, key string, keyAt int) error {
	symbol, isSymbol := lookup(path)
	keys := keysOf(path)
	// A dot in a key would look like a path it is not.
	if strings.Contains(key, ".") || key == "" || !isSymbol && len(keys) == 0 {
		text := unknown(path)
		switch {
		case key == "":
			text = "the key is empty; remove it"
		case isSymbol || len(keys) > 0:
			text = "a dotted key is not a path here; write nested objects"
		}
		r.report(path, keyAt, "%s", text)
		return r.skip()
	}
	token, at, err := r.next()
	if err != nil {
		return err
	}
	opened := token == json.Delim('{') || token == json.Delim('[')
	switch {
	case !isSymbol && token == json.Delim('{'):
		return r.object(path)
	case !isSymbol:
		r.report(path, at, "%s, want an object with the keys %s", describe(token), strings.Join(keys, ", "))
	case opened:
		r.report(path, at, "%s, want %s", describe(token), symbol.Legal())
	default:
		r.value(symbol, token, at)
	}
	if opened {
		return r.rest()
	}
	return nil
}

// value stores a scalar.
func (r *reader) value(symbol Symbol, token json.Token, at int) {
	r.seen[symbol.Path] = at
	switch v := token.(type) {
	case bool:
		if symbol.Kind == Bool {
			field(&r.config, symbol.Path).SetBool(v)
			return
		}
	case string:
		if symbol.Kind == String || symbol.Kind == Choice {
			field(&r.config, symbol.Path).SetString(v)
			return
		}
	case json.Number:
		if symbol.Kind == Int {
			n, problem := whole(symbol, v.String())
			if problem != "" {
				r.report(symbol.Path, at, "%s", problem)
				return
			}
			field(&r.config, symbol.Path).SetInt(int64(n))
			return
		}
	case nil:
		r.report(symbol.Path, at, "null is no value, want %s; leave the key out for the default", symbol.Legal())
		return
	}
	r.report(symbol.Path, at, "%s, want %s", describe(token), symbol.Legal())
}

// skip reads one value of any shape and forgets it.
func (r *reader) skip() error {
	token, _, err := r.next()
	if err != nil || token != json.Delim('{') && token != json.Delim('[') {
		return err
	}
	return r.rest()
}

// rest reads up to the end of an object or array that was opened.
func (r *reader) rest() error {
	for depth := 1; depth > 0; {
		token, _, err := r.next()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return nil
}

// validate adds what only the whole config shows, at the place of the value
// in this file, if it has one. A value that could not be read is out of it.
func (r *reader) validate() {
	for _, p := range validate(r.config, r.failed) {
		p.File = r.name
		if at, ok := r.seen[p.Path]; ok {
			p.Line, p.Column = position(r.data, at)
		}
		r.problems = append(r.problems, p)
	}
}

// whole reads a whole number in plain digits, or says why text is none.
func whole(symbol Symbol, text string) (int, string) {
	n, err := strconv.Atoi(text)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Sprintf("%s is out of range, want %s", text, symbol.Legal())
	case err != nil, strings.HasPrefix(text, "+"):
		return 0, fmt.Sprintf("%q is no whole number in digits, want %s", text, symbol.Legal())
	}
	return n, ""
}

func describe(token json.Token) string {
	switch v := token.(type) {
	case string:
		return fmt.Sprintf("%q is a string", v)
	case bool:
		return fmt.Sprintf("%t is a boolean", v)
	case json.Number:
		return v.String() + " is a number"
	case json.Delim:
		if v == '[' {
			return "this is an array"
		}
		return "this is an object"
	}
	return "null is no value"
}
