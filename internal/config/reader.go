package config

import (
	"encoding/json"
	"fmt"
	"strings"
)

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
		if len(r.problems)+len(r.doc.Warnings) >= maxProblems {
			return errEnough
		}
		token, at, err := r.next()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		full := key
		if path != "" {
			full = path + "." + key
		}
		if before, twice := first[key]; twice {
			line, _ := position(r.data, before)
			r.dislike(Problem{Path: full, Text: fmt.Sprintf("the key stands twice, first in line %d; keep one", line)}, at)
			if err := r.skip(); err != nil {
				return err
			}
			continue
		}
		first[key] = at
		if path == "" && key == "$schema" {
			err = r.schema()
		} else {
			err = r.member(full, key, at)
		}
		if err != nil {
			return err
		}
	}
	_, _, err := r.next() // the closing brace
	return err
}

// schema reads what editors look up; it says nothing about the cluster.
func (r *reader) schema() error {
	token, at, err := r.next()
	if err != nil {
		return err
	}
	if text, ok := token.(string); ok {
		r.doc.Schema = text
		return nil
	}
	r.dislike(Problem{Path: "$schema", Text: describeToken(token) + ", want the address of a schema"}, at)
	return r.rest(token)
}

// member reads the value of one key.
func (r *reader) member(path, key string, keyAt int) error {
	if to, ok := r.renamed[path]; ok {
		r.doc.Warnings = append(r.doc.Warnings, r.place(
			Problem{Path: path, Text: fmt.Sprintf("this is called %s now; saving the config writes the new name", to)}, keyAt))
		path = to
	}
	f := Lookup(path)
	if f != nil && f.Path != path {
		f = nil // a member of a choice is a value, not a key
	}
	group := len(described().keys[path]) > 0 || r.holdsRenamed(path)
	// A dot in a key would look like a path it is not.
	if strings.Contains(key, ".") || key == "" || f == nil && !group {
		text := unknown(path)
		switch {
		case key == "":
			text = "the key is empty; remove it"
		case f != nil || group:
			text = "a dotted key is not a path here; write nested objects"
		}
		r.dislike(Problem{Path: path, Text: text}, keyAt)
		return r.skip()
	}
	token, at, err := r.next()
	if err != nil {
		return err
	}
	switch {
	case f == nil && token == json.Delim('{'):
		return r.object(path)
	case f == nil:
		r.dislike(Problem{Path: path, Text: fmt.Sprintf("%s, want an object with the keys %s",
			describeToken(token), strings.Join(described().keys[path], ", "))}, at)
		return r.rest(token)
	}
	if _, twice := r.seen[path]; twice {
		r.dislike(f.report("it is set twice, by its old name and by its new one; keep one"), at)
		return r.rest(token)
	}
	r.seen[path] = at
	if problem := r.value(f, token); problem != "" {
		r.dislike(f.report(problem), at)
	}
	return r.rest(token)
}

// holdsRenamed says whether a path is a group only by old names in it.
func (r *reader) holdsRenamed(path string) bool {
	for old := range r.renamed {
		if strings.HasPrefix(old, path+".") {
			return true
		}
	}
	return false
}

// value stores a scalar, or says why it cannot.
func (r *reader) value(f *Field, token json.Token) string {
	c := r.doc.Config
	switch v := token.(type) {
	case bool:
		if f.Kind == Bool {
			return f.assign(c, fmt.Sprint(v))
		}
	case string:
		if f.Kind == String || f.Kind == Choice {
			return f.assign(c, v)
		}
	case json.Number:
		if f.Kind == Int {
			return f.assign(c, v.String())
		}
	case nil:
		return fmt.Sprintf("null is no value, want %s; leave the key out for the default", f.Legal(c))
	}
	return fmt.Sprintf("%s, want %s", describeToken(token), f.Legal(c))
}

// skip reads one value of any shape and forgets it.
func (r *reader) skip() error {
	token, _, err := r.next()
	if err != nil {
		return err
	}
	return r.rest(token)
}

// rest reads up to the end of what a token opened, if it opened something.
func (r *reader) rest(first json.Token) error {
	if first != json.Delim('{') && first != json.Delim('[') {
		return nil
	}
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

func describeToken(token json.Token) string {
	switch v := token.(type) {
	case string:
		return fmt.Sprintf("%q is a string", v)
	case bool:
		return fmt.Sprintf("%t is a boolean", v)
	case json.Number:
		return fmt.Sprintf("%s is a number", v)
	case json.Delim:
		if v == '[' {
			return "this is an array"
		}
		return "this is an object"
	}
	return "null is no value"
}
