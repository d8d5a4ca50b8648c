package config

import (
	"strings"
)

// formula is a condition on the config's JSON, which can be written as a schema.
type formula struct {
	// op is "and", "or", "not", "at", or "" for what always or never holds.
	op    string
	holds bool
	parts []formula
	// path, matches and absent are those of "at".
	path    []string
	matches object
	absent  bool
}

func always(holds bool) formula { return formula{holds: holds} }

func (f formula) is(holds bool) bool { return f.op == "" && f.holds == holds }

// at holds if the value at a path matches a schema; absent is whether it holds
// where there is no value.
func at(path string, matches object, absent bool) formula {
	return formula{op: "at", path: strings.Split(path, "."), matches: matches, absent: absent}
}

func and(a, b formula) formula { return combine("and", true, a, b) }
func or(a, b formula) formula  { return combine("or", false, a, b) }

// combine leaves out what changes nothing.
func combine(op string, neutral bool, a, b formula) formula {
	switch {
	case a.is(neutral), b.is(!neutral):
		return b
	case b.is(neutral), a.is(!neutral):
		return a
	}
	joined := formula{op: op}
	for _, f := range []formula{a, b} {
		if f.op == op {
			joined.parts = append(joined.parts, f.parts...)
		} else {
			joined.parts = append(joined.parts, f)
		}
	}
	return joined
}

func not(f formula) formula {
	switch f.op {
	case "":
		return always(!f.holds)
	case "not":
		return f.parts[0]
	}
	return formula{op: "not", parts: []formula{f}}
}

func (f formula) schema() object {
	switch f.op {
	case "at":
		return f.nested(f.path)
	case "not":
		return object{{"not", f.parts[0].schema()}}
	case "":
		if f.holds {
			return object{}
		}
		return object{{"not", object{}}}
	}
	var parts []any
	for _, part := range f.parts {
		parts = append(parts, part.schema())
	}
	return object{{map[string]string{"and": "allOf", "or": "anyOf"}[f.op], parts}}
}

func (f formula) nested(path []string) object {
	if len(path) == 0 {
		return f.matches
	}
	s := object{{"properties", object{{path[0], f.nested(path[1:])}}}}
	if !f.absent {
		s = append(s, member{"required", []any{path[0]}})
	}
	return s
}
