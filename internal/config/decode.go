package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// Decode reads a config: one JSON object that says what differs from the
// defaults. It is strict, and reports every problem at once with its place.
// name is the file's name for those reports.
func Decode(data []byte, name string) (Cluster, error) {
	doc, err := Read(data, name, Strict)
	if err != nil {
		return Cluster{}, err
	}
	return Of(doc.Config), nil
}

// Strictness says what to do about values that are wrong.
type Strictness bool

// Strict refuses them all. Lenient moves numbers into their range and leaves
// out what is unknown, does not apply or is of the wrong type, with warnings.
const (
	Strict  Strictness = false
	Lenient Strictness = true
)

// Document is a config as it was read from JSON.
type Document struct {
	Config *kconfig.Config
	// Schema is the value of "$schema", which editors look up.
	Schema string
	// Warnings are what Lenient let pass, and the old names that were used.
	Warnings Problems
}

// Read is Decode for those who change the config and write it again. The error
// is Problems.
func Read(data []byte, name string, strictness Strictness) (*Document, error) {
	return newReader(data, name, strictness).read()
}

func newReader(data []byte, name string, strictness Strictness) *reader {
	r := &reader{
		dec: json.NewDecoder(bytes.NewReader(data)), data: data, name: name, lenient: bool(strictness),
		doc: &Document{Config: New()}, renamed: renamed(), seen: map[string]int{}, failed: map[string]bool{},
	}
	r.dec.UseNumber()
	return r
}

// maxProblems is how many problems of one file anybody wants to read.
const maxProblems = 100

var errEnough = errors.New("enough problems")

// reader walks over the tokens of a well-formed file.
type reader struct {
	dec      *json.Decoder
	data     []byte
	name     string
	lenient  bool
	doc      *Document
	renamed  map[string]string
	seen     map[string]int  // path → offset of its value
	failed   map[string]bool // paths with a problem of their own
	problems Problems
}

func (r *reader) read() (*Document, error) {
	if p, ok := malformed(r.data, r.name); ok {
		return nil, Problems{p}
	}
	if _, err := r.dec.Token(); err != nil {
		return nil, r.unreadable(err)
	}
	switch err := r.object(""); {
	case errors.Is(err, errEnough):
		r.problems = append(r.doc.Warnings, r.problems...).sorted()
		return nil, append(r.problems, Problem{File: r.name, Text: fmt.Sprintf("more than %d problems; is this a config?", maxProblems)})
	case err != nil:
		return nil, r.unreadable(err)
	}
	r.check()
	r.doc.Warnings = r.doc.Warnings.sorted()
	if len(r.problems) > 0 {
		return nil, r.problems.sorted()
	}
	return r.doc, nil
}

func (r *reader) unreadable(err error) Problems {
	return Problems{{File: r.name, Text: fmt.Sprintf("read the config: %v", err)}}
}

// report is about what no leniency helps with.
func (r *reader) report(p Problem, offset int) {
	r.failed[p.Path] = true
	r.problems = append(r.problems, r.place(p, offset))
}

func (r *reader) place(p Problem, offset int) Problem {
	p.File = r.name
	p.Line, p.Column = position(r.data, offset)
	return p
}

// dislike is about what is left out if the reader is lenient.
func (r *reader) dislike(p Problem, offset int) {
	if !r.lenient {
		r.report(p, offset)
		return
	}
	p.Text += "; left out"
	r.doc.Warnings = append(r.doc.Warnings, r.place(p, offset))
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

// check adds what only the whole config shows, at the place of the value in
// this file, if it has one. A value that could not be read is out of it.
func (r *reader) check() {
	if r.lenient {
		r.mend()
	}
	for _, p := range check(r.doc.Config, r.failed) {
		p.File = r.name
		if at, ok := r.seen[p.Path]; ok {
			p = r.place(p, at)
		}
		r.problems = append(r.problems, p)
	}
}

// mend makes right what can be, and warns of it.
func (r *reader) mend() {
	mend(r.doc.Config, func(f *Field, problem string) {
		r.doc.Warnings = append(r.doc.Warnings, r.place(f.report(problem), r.seen[f.Path]))
	})
}

// mend moves numbers into their range and leaves out what does not apply. The
// order matters, as one value can decide whether another applies and what its
// range is.
func mend(c *kconfig.Config, warn func(*Field, string)) {
	for range described().fields { // each round mends one at least
		fields := slices.DeleteFunc(slices.Clone(described().fields), func(f *Field) bool {
			return f.Kind == String && Visible(c, f) || f.problem(c, nil) == ""
		})
		if len(fields) == 0 {
			return
		}
		f := fields[0]
		problem := f.problem(c, nil)
		if f.Kind == Int && Visible(c, f) {
			value := Value(c, f)
			_ = f.assign(c, value) // a number that Kconfig has computed
			warn(f, problem+"; taken as "+value)
		} else {
			Unset(c, f)
			warn(f, problem+"; left out")
		}
	}
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
