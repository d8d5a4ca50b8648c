package kconfig

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Span is a place in a file. Lines and columns count from 1; a column counts
// bytes.
type Span struct {
	File string
	Line int
	Col  int
}

// String writes a place as file:line:col.
func (s Span) String() string {
	if s.Col == 0 {
		return fmt.Sprintf("%s:%d", s.File, s.Line)
	}
	return fmt.Sprintf("%s:%d:%d", s.File, s.Line, s.Col)
}

// Error is one problem, where it is, and how its file came to be read.
type Error struct {
	Span    Span
	Message string
	// Included are the places of the source statements that led to the file,
	// the innermost first.
	Included []Span
}

// Error writes the place, the message and, indented, the include chain.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Span, e.Message)
	for _, at := range e.Included {
		fmt.Fprintf(&b, "\n\tincluded from %s:%d", at.File, at.Line)
	}
	return b.String()
}

// Errors are all problems of a tree or a file, sorted by place.
type Errors []*Error

// Error writes one problem after the other.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, problem := range e {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}

// sorted orders by file, line and column and drops what is said twice.
func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(
			strings.Compare(a.Span.File, b.Span.File),
			cmp.Compare(a.Span.Line, b.Span.Line),
			cmp.Compare(a.Span.Col, b.Span.Col),
			strings.Compare(a.Message, b.Message),
		)
	})
	return slices.CompactFunc(e, func(a, b *Error) bool {
		return a.Span == b.Span && a.Message == b.Message
	})
}
