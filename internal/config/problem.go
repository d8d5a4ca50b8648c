package config

import (
	"fmt"
	"sort"
	"strings"
)

// Problem is one thing that is wrong with a config.
type Problem struct {
	// File is the file's name, "" for a config that came from none.
	File string `json:"file,omitempty"`
	// Path is the JSON path; "" for the file as a whole.
	Path string `json:"path,omitempty"`
	// Line and Column count from 1; 0 when the value stands in no file.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Text says what is wrong and what is legal.
	Text string `json:"text"`
	// Place is the line of the Kconfig file that says so; "" for none.
	Place string `json:"place,omitempty"`
}

// Error reads "FILE:LINE:COLUMN: PATH: TEXT (PLACE)", without the parts that are
// unknown.
func (p Problem) Error() string {
	var parts []string
	switch {
	case p.File != "" && p.Line > 0:
		parts = append(parts, fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column))
	case p.File != "":
		parts = append(parts, p.File)
	}
	if p.Path != "" {
		parts = append(parts, p.Path)
	}
	text := p.Text
	if p.Place != "" {
		text += " (" + p.Place + ")"
	}
	return strings.Join(append(parts, text), ": ")
}

// Problems is everything that is wrong with a config, as one error.
type Problems []Problem

func (p Problems) Error() string {
	var lines []string
	for _, problem := range p {
		lines = append(lines, problem.Error())
	}
	return strings.Join(lines, "\n")
}

// OrNil keeps an empty list from becoming an error that says nothing.
func (p Problems) OrNil() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// sorted puts the problems into the order of the file; what stands in no line
// of it comes last.
func (p Problems) sorted() Problems {
	sort.SliceStable(p, func(i, j int) bool {
		a, b := p[i], p[j]
		if (a.Line == 0) != (b.Line == 0) {
			return b.Line == 0
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
	return p
}

// unknown says that nothing has this path, and which one was perhaps meant.
func unknown(path string) string {
	d := described()
	if to := renamed()[path]; to != "" {
		return fmt.Sprintf("this is called %s now", to)
	}
	last := path[strings.LastIndex(path, ".")+1:]
	for _, known := range d.paths() {
		if strings.HasSuffix(known, "."+last) {
			return fmt.Sprintf("there is no such key (did you mean %s?)", known)
		}
	}
	if hint := didYouMean(path, append(d.paths(), d.groups()...)); hint != "" {
		return "there is no such key" + hint
	}
	parent := ""
	if i := strings.LastIndex(path, "."); i >= 0 {
		parent = path[:i]
	}
	if keys := d.keys[parent]; len(keys) > 0 {
		return fmt.Sprintf("there is no such key, only %s", strings.Join(keys, ", "))
	}
	return "there is no such key"
}

// didYouMean names the word nearest to a mistyped one; "" when none is near.
func didYouMean(word string, words []string) string {
	if len(word) > 64 {
		return "" // no slip of the finger, and slow to compare
	}
	best, least := "", 3
	if len(word) < 4 {
		least = 2
	}
	for _, candidate := range words {
		if d := distance(strings.ToLower(word), candidate); d < least {
			best, least = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}

// distance is the number of letters to insert, delete or replace (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
