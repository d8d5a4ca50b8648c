package kconfig

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// random makes random trees and configurations. Its seed is new in every run
// and logged; KCONFIG_SEED repeats one.
type random struct{ *rand.Rand }

func newRandom(t testing.TB) random {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("KCONFIG_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("KCONFIG_SEED=%d", seed)
	return random{rand.New(rand.NewPCG(seed, 0))}
}

func (r random) one(in int) bool { return r.IntN(in) == 0 }

func (r random) of(list ...string) string { return list[r.IntN(len(list))] }

// config makes a random flat configuration file: values for about half of the
// symbols that have a prompt, and a member for some choices. What would be out
// of range is left out, since implementations differ in that.
func (r random) config(tree *Tree) string {
	texts := comparedTexts(tree)
	lines := map[*Symbol]string{}
	for _, s := range tree.Symbols {
		if s.Choice == nil && s.Prompt() != "" && r.one(2) {
			lines[s] = r.value(s, texts[s])
		}
	}
	for _, ch := range tree.Choices {
		if len(ch.Members) > 0 && r.one(2) {
			lines[ch.Members[r.IntN(len(ch.Members))]] = "y"
		}
	}
	for {
		c := tree.NewConfig()
		for s, value := range lines {
			if err := c.Set(s.Name, value); err != nil {
				panic(err)
			}
		}
		before := len(lines)
		for _, p := range c.UserValueProblems() {
			if p.Kind == OutOfRange {
				delete(lines, p.Symbol)
			}
		}
		// Values of hidden symbols stay in the file, but not those that would
		// be out of range: Linux 4.11 looks at these.
		for s, value := range lines {
			if c.outOfRange(s, value) != nil {
				delete(lines, s)
			}
		}
		if before == len(lines) {
			return flat(tree, lines)
		}
	}
}

func (r random) value(s *Symbol, texts []string) string {
	switch s.Type {
	case Bool:
		return r.of("y", "n")
	case Int:
		return strconv.Itoa(r.IntN(60) - 10)
	case Hex:
		return fmt.Sprintf(r.of("0x%x", "0x%X", "%x"), r.IntN(300))
	default:
		return r.of(append(texts, "x", "12", "7", "", `a "b" \ c`, "two words")...)
	}
}

func flat(tree *Tree, lines map[*Symbol]string) string {
	var b strings.Builder
	for _, s := range tree.Symbols {
		if value, ok := lines[s]; ok {
			switch {
			case s.Type == Bool && value == "n":
				fmt.Fprintf(&b, "# %s%s is not set\n", Prefix, s.Name)
			case s.Type == String:
				fmt.Fprintf(&b, "%s%s=%s\n", Prefix, s.Name, quote(value))
			default:
				fmt.Fprintf(&b, "%s%s=%s\n", Prefix, s.Name, value)
			}
		}
	}
	return b.String()
}

// comparedTexts are the texts that conditions compare a string with.
func comparedTexts(tree *Tree) map[*Symbol][]string {
	texts := map[*Symbol][]string{}
	var visit func(e *Expr)
	visit = func(e *Expr) {
		switch {
		case e == nil || e.Op == OpSymbol:
		case !e.Op.Comparison():
			visit(e.Left)
			visit(e.Right)
		case e.Left.Symbol.Type == String && !e.Right.Symbol.Defined():
			texts[e.Left.Symbol] = append(texts[e.Left.Symbol], e.Right.Symbol.Name)
		}
	}
	for n := range tree.Nodes() {
		for _, e := range n.Conditions() {
			visit(e)
		}
	}
	for _, s := range tree.Symbols {
		for _, d := range s.Defaults {
			visit(d.If)
		}
	}
	return texts
}
