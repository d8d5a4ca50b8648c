package kconfig

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// seeds are the files of all archives.
func seeds(f *testing.F, add func(kconfig, other, config string)) {
	f.Helper()
	for _, a := range append(readArchives(f, "rules"), readArchives(f, "errors")...) {
		other := ""
		for name, file := range a.files() {
			if name != "Kconfig" {
				other = string(file.Data)
			}
		}
		for _, config := range a.configs() {
			add(a.section("Kconfig"), other, config.text)
		}
	}
}

func FuzzLexer(f *testing.F) {
	seeds(f, func(kconfig, other, _ string) { f.Add(kconfig); f.Add(other) })
	f.Fuzz(func(t *testing.T, text string) {
		reported := 0
		l := newLexer(text, func(line, col int, message string) {
			reported++
			if line < 1 || col < 1 || message == "" {
				t.Errorf("report at %d:%d: %q", line, col, message)
			}
		})
		before := -1
		for l.next() {
			if l.pos <= before {
				t.Fatalf("no progress at %d", l.pos)
			}
			before = l.pos
			for _, token := range l.tokens {
				if token.line < 1 || token.line > l.line || token.col < 1 {
					t.Errorf("token %s at %d:%d of %d lines", token, token.line, token.col, l.line)
				}
			}
			if l.tokens[0].text == "help" {
				l.help()
			}
		}
		if l.pos != len(l.text) || reported > len(text) {
			t.Errorf("stopped at %d of %d after %d reports", l.pos, len(l.text), reported)
		}
	})
}

func FuzzParser(f *testing.F) {
	seeds(f, func(kconfig, other, _ string) { f.Add(kconfig, other) })
	f.Fuzz(func(t *testing.T, kconfig, other string) {
		tree, err := Parse(fstest.MapFS{
			"Kconfig":     {Data: []byte(kconfig)},
			"sub/Kconfig": {Data: []byte(other)},
		}, "Kconfig")
		if err != nil {
			checkErrors(t, err)
			return
		}
		for n := range tree.Nodes() {
			if n.Parent == nil || !slices.Contains(n.Parent.Children, n) {
				t.Errorf("%s is not a child of its parent", n.Span)
			}
			if (n.Symbol != nil) != (n.Kind == KindConfig || n.Kind == KindMenuconfig) || n.Kind == kindIf {
				t.Errorf("%s is a %s with symbol %v", n.Span, n.Kind, n.Symbol)
			}
		}
		for _, s := range tree.Symbols {
			for _, n := range s.Nodes {
				if n.Parent == nil {
					t.Errorf("%s of %s is not in the tree", n.Span, s.Name)
				}
			}
		}
	})
}

func checkErrors(t *testing.T, err error) {
	t.Helper()
	var list Errors
	if !errors.As(err, &list) || len(list) == 0 {
		t.Fatalf("not a list of errors: %v", err)
	}
	for _, e := range list {
		if e.Span.File == "" || e.Span.Line < 1 || e.Message == "" {
			t.Errorf("an error without a place or a message: %#v", e)
		}
	}
}

func FuzzEvaluator(f *testing.F) {
	seeds(f, func(kconfig, _, config string) { f.Add(kconfig, config) })
	f.Fuzz(func(t *testing.T, kconfig, config string) {
		tree, err := Parse(fstest.MapFS{"Kconfig": {Data: []byte(kconfig)}}, "Kconfig")
		if err != nil {
			return
		}
		c := tree.NewConfig()
		if _, err := c.ReadDotConfig(strings.NewReader(config), "config", Prefix); err != nil {
			return
		}
		for _, s := range tree.Symbols {
			c.Explain(s)
			if p := c.UserValueProblem(s); p == nil {
				if value, ok := c.UserValue(s); ok && value != c.Value(s) {
					t.Errorf("%s is %q, not %q, and nothing is said", s.Name, c.Value(s), value)
				}
			}
		}
		if err := errors.Join(c.Dump(io.Discard), c.WriteDotConfig(io.Discard, Prefix)); err != nil {
			t.Error(err)
		}
		if hasEmptyRange(c) {
			return
		}
		var minimal bytes.Buffer
		if err := c.WriteMinimal(&minimal, Prefix); err != nil {
			t.Fatal(err)
		}
		again := tree.NewConfig()
		problems, err := again.ReadDotConfig(&minimal, "minimal", Prefix)
		if err != nil || len(problems) > 0 {
			t.Errorf("%v %v", err, problems)
		}
		if !slices.Equal(allValues(c), allValues(again)) {
			t.Errorf("%v\n%v", allValues(c), allValues(again))
		}
	})
}
