// Package merge3 merges two edits of one text, line by line, as version control
// does: what only one of them changed is taken, and what both changed in
// different ways is a conflict.
package merge3

import (
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
)

// Merged is a text in pieces: runs of lines that are settled, and conflicts.
type Merged struct{ pieces []piece }

// piece is a run of lines. In a conflict, mine and theirs differ and both
// differ from base; elsewhere only mine is set.
type piece struct {
	base, mine, theirs []string
	conflict           bool
}

// Merge brings the way from base to theirs into mine.
func Merge(base, mine, theirs string) Merged {
	z, a, b := lines(base), lines(mine), lines(theirs)
	var m Merged
	var atZ, atA, atB int
	for _, s := range stable(z, a, b) {
		m.settle(z[atZ:s.z], a[atA:s.a], b[atB:s.b])
		m.add(z[s.z : s.z+s.size])
		atZ, atA, atB = s.z+s.size, s.a+s.size, s.b+s.size
	}
	return m
}

// settle decides on what lies between two runs that all three texts have.
func (m *Merged) settle(base, mine, theirs []string) {
	switch {
	case slices.Equal(mine, theirs), slices.Equal(base, theirs):
		m.add(mine)
	case slices.Equal(base, mine):
		m.add(theirs)
	default:
		m.pieces = append(m.pieces, piece{base: base, mine: mine, theirs: theirs, conflict: true})
	}
}

func (m *Merged) add(lines []string) {
	if len(lines) > 0 {
		m.pieces = append(m.pieces, piece{mine: lines})
	}
}

// Conflicts counts the places where both edits changed the same lines.
func (m Merged) Conflicts() int {
	n := 0
	for _, p := range m.pieces {
		if p.conflict {
			n++
		}
	}
	return n
}

// Mine is the merged text, with mine where there is a conflict.
func (m Merged) Mine() string {
	return m.text(func(p piece) []string { return p.mine })
}

// Theirs is the merged text, with theirs where there is a conflict.
func (m Merged) Theirs() string {
	return m.text(func(p piece) []string { return p.theirs })
}

// Marked is the merged text, with all three sides of a conflict between markers,
// as git's diff3 style writes them. The labels say whose each side is.
func (m Merged) Marked(mine, base, theirs string) string {
	return m.text(func(p piece) []string {
		return slices.Concat(
			[]string{"<<<<<<< " + mine + "\n"}, whole(p.mine),
			[]string{"||||||| " + base + "\n"}, whole(p.base),
			[]string{"=======\n"}, whole(p.theirs),
			[]string{">>>>>>> " + theirs + "\n"})
	})
}

func (m Merged) text(resolve func(piece) []string) string {
	var b strings.Builder
	for _, p := range m.pieces {
		chosen := p.mine
		if p.conflict {
			chosen = resolve(p)
		}
		for _, line := range chosen {
			b.WriteString(line)
		}
	}
	return b.String()
}

// whole gives the last line an end, so that a marker can follow it.
func whole(list []string) []string {
	if n := len(list); n > 0 && !strings.HasSuffix(list[n-1], "\n") {
		list = slices.Clone(list)
		list[n-1] += "\n"
	}
	return list
}

// Marked reports whether a text holds a conflict that nobody has resolved.
func Marked(text string) bool {
	var seen int
	for line := range strings.Lines(text) {
		for i, marker := range []string{"<<<<<<< ", "=======", ">>>>>>> "} {
			if seen == i && strings.HasPrefix(line, marker) {
				seen++
				break
			}
		}
	}
	return seen == 3
}

// run is where size lines are the same in all three texts.
type run struct{ z, a, b, size int }

// stable finds the runs of lines that neither edit touched, in order. An empty
// one at the end of all three closes the list.
func stable(z, a, b []string) []run {
	inA, inB := matches(z, a), matches(z, b)
	var list []run
	for len(inA) > 0 && len(inB) > 0 {
		x, y := inA[0], inB[0]
		from, to := max(x.A, y.A), min(x.A+x.Size, y.A+y.Size)
		if from < to {
			list = append(list, run{from, x.B + from - x.A, y.B + from - y.A, to - from})
		}
		if x.A+x.Size < y.A+y.Size {
			inA = inA[1:]
		} else {
			inB = inB[1:]
		}
	}
	return append(list, run{len(z), len(a), len(b), 0})
}

// matches are the runs of equal lines of two texts. What begins and ends the same
// needs no search, and is most of a file.
func matches(x, y []string) []difflib.Match {
	front := 0
	for front < min(len(x), len(y)) && x[front] == y[front] {
		front++
	}
	back := 0
	for back < min(len(x), len(y))-front && x[len(x)-1-back] == y[len(y)-1-back] {
		back++
	}
	list := []difflib.Match{{A: 0, B: 0, Size: front}}
	// No line is junk: YAML has many that are the same.
	middle := difflib.NewMatcherWithJunk(x[front:len(x)-back], y[front:len(y)-back], false, nil)
	for _, m := range middle.GetMatchingBlocks() {
		list = append(list, difflib.Match{A: m.A + front, B: m.B + front, Size: m.Size})
	}
	return append(list, difflib.Match{A: len(x) - back, B: len(y) - back, Size: back})
}

// lines keeps the ends of lines: a last one without is another line.
func lines(text string) []string { return slices.Collect(strings.Lines(text)) }
