package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

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
