package config

import (
	"slices"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

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
