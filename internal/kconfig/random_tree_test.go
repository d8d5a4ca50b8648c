package kconfig

import (
	"fmt"
	"strconv"
	"strings"
	"testing/fstest"
)

// treeMaker writes a random tree that all implementations read alike: what is
// referred to comes before what refers to it, so that there are no loops, and
// what the implementations are known to differ in does not occur.
type treeMaker struct {
	random
	entries []*randomEntry
	// usable are the entries that expressions may refer to.
	usable []*randomEntry
	count  int
	// guarded counts the conditional blocks around the current entry.
	guarded int
}

// randomEntry is a config; selects are added when their targets come up.
type randomEntry struct {
	name, kind string
	lines      []string
	usable     int
}

func (r random) tree(size int) fstest.MapFS {
	m := &treeMaker{random: r}
	parts := m.block(size, 3)
	return fstest.MapFS{"Kconfig": {Data: []byte("mainmenu \"Random\"\n\n" + render(parts))}}
}

// render writes the entries, whose lines are complete now.
func render(parts []any) string {
	var b strings.Builder
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			b.WriteString(part)
		case *randomEntry:
			b.WriteString(strings.Join(part.lines, "\n\t") + "\n\n")
		}
	}
	return b.String()
}

// block makes some entries and blocks.
func (m *treeMaker) block(size, depth int) []any {
	var parts []any
	for m.count < size {
		switch kind := m.IntN(12); {
		case kind == 0 && depth > 0:
			parts = append(parts, m.menu(m.count+1+m.IntN(5), depth)...)
		case kind == 1 && depth > 0:
			parts = append(parts, "if "+m.expr(2)+"\n\n")
			m.guarded++
			parts = append(parts, m.block(m.count+1+m.IntN(5), depth-1)...)
			m.guarded--
			parts = append(parts, "endif\n\n")
		case kind == 2:
			parts = append(parts, m.choice()...)
		case kind == 3:
			parts = append(parts, fmt.Sprintf("comment \"Comment %d\"\n\tdepends on %s\n\n", m.count, m.expr(1)))
		default:
			parts = append(parts, m.config())
		}
	}
	return parts
}

func (m *treeMaker) menu(size, depth int) []any {
	text := fmt.Sprintf("menu \"Menu %d\"\n", m.count)
	// Linux 4.11 wants the two in this order.
	if m.one(3) {
		text += "\tvisible if " + m.expr(2) + "\n"
	}
	conditional := m.one(2)
	if conditional {
		text += "\tdepends on " + m.expr(2) + "\n"
		m.guarded++
	}
	parts := append([]any{text + "\n"}, m.block(size, depth-1)...)
	if conditional {
		m.guarded--
	}
	return append(parts, "endmenu\n\n")
}

func (m *treeMaker) choice() []any {
	usable := m.usable
	text := fmt.Sprintf("choice\n\tprompt \"Choice %d\"%s\n", m.count, m.condition(4))
	if m.one(3) {
		text += "\tdepends on " + m.expr(1) + "\n"
	}
	var members []*randomEntry
	for range 2 + m.IntN(3) {
		e := m.entry("bool")
		e.lines = append(e.lines, fmt.Sprintf("bool \"Member %s\"%s", e.name, m.condition(4)))
		members = append(members, e)
	}
	for range m.IntN(3) {
		text += "\tdefault " + members[m.IntN(len(members))].name + m.condition(2) + "\n"
	}
	parts := []any{text + "\n"}
	for _, e := range members {
		parts = append(parts, e)
		// Members may be referred to from now on, not from each other.
		usable = append(usable, e)
	}
	m.usable = usable
	return append(parts, "endchoice\n\n")
}

func (m *treeMaker) entry(kind string) *randomEntry {
	m.count++
	e := &randomEntry{kind: kind, usable: len(m.usable)}
	e.name = fmt.Sprintf("%s%s%d", m.of("", "net.", "a.b-c.", "Phase1.v_"), m.of("S", "x", "Sym"), m.count)
	e.lines = []string{m.of("config ", "menuconfig ") + e.name}
	return e
}

func (m *treeMaker) config() *randomEntry {
	e := m.entry(m.of("bool", "bool", "bool", "string", "string", "int", "hex"))
	guarded := m.guarded > 0
	prompt := fmt.Sprintf(" \"The %s %s\"%s", e.kind, e.name, m.condition(3))
	if m.one(4) {
		prompt = ""
	}
	e.lines = append(e.lines, e.kind+prompt)
	if m.one(4) {
		e.lines = append(e.lines, "depends on "+m.expr(2))
		guarded = true
	}
	switch e.kind {
	case "bool":
		m.boolAttributes(e)
	case "string":
		for range m.IntN(3) {
			e.lines = append(e.lines, "default "+m.text()+m.condition(2))
		}
	default:
		m.numberAttributes(e)
	}
	if m.one(8) {
		e.lines = append(e.lines, "help", "  Some help", "    for "+e.name, "", "  config NOT")
	}
	m.entries = append(m.entries, e)
	// An int or hex that is out of reach is 0 for some and empty for others.
	if e.kind == "bool" || e.kind == "string" || !guarded {
		m.usable = append(m.usable, e)
	}
	return e
}

func (m *treeMaker) boolAttributes(e *randomEntry) {
	for range m.IntN(3) {
		e.lines = append(e.lines, "default "+m.of("y", "n", m.expr(2))+m.condition(2))
	}
	for _, source := range m.entries {
		if source.kind == "bool" && m.one(25) {
			usable := m.usable
			m.usable = m.usable[:source.usable]
			verb := m.of("select", "imply") + " "
			// Before the help text, which is last.
			source.lines = append(source.lines[:2:2], append([]string{verb + e.name + m.condition(2)}, source.lines[2:]...)...)
			m.usable = usable
		}
	}
}

func (m *treeMaker) numberAttributes(e *randomEntry) {
	number := func() string {
		if other := m.pick(e.kind); other != "" && m.one(5) {
			return other
		}
		if e.kind == "hex" {
			return fmt.Sprintf(m.of("0x%x", "0x%X"), m.IntN(300))
		}
		return strconv.Itoa(m.IntN(60) - 10)
	}
	if m.one(2) {
		low, high := number(), number()
		if toNumber(low, base(Unknown)) > toNumber(high, base(Unknown)) && !m.one(8) {
			low, high = high, low
		}
		e.lines = append(e.lines, "range "+low+" "+high+m.condition(2))
	}
	if m.one(2) {
		e.lines = append(e.lines, "default "+number()+" if "+m.expr(1))
	}
	e.lines = append(e.lines, "default "+number())
}

// pick is a usable symbol of a kind, or empty.
func (m *treeMaker) pick(kind string) string {
	for range 8 {
		if len(m.usable) == 0 {
			break
		}
		if e := m.usable[m.IntN(len(m.usable))]; e.kind == kind {
			return e.name
		}
	}
	return ""
}

func (m *treeMaker) text() string {
	if other := m.pick("string"); other != "" && m.one(4) {
		return other
	}
	return m.of(`"x"`, `"aws"`, `"a \"b\" \\ c"`, `'it'`, "word", `"12"`, `"7"`, `""`)
}

// condition is an "if" once in so many times.
func (m *treeMaker) condition(in int) string {
	if !m.one(in) {
		return ""
	}
	return " if " + m.expr(2)
}

func (m *treeMaker) expr(depth int) string {
	if depth > 0 {
		switch m.IntN(6) {
		case 0:
			return "!" + m.leaf()
		case 1:
			return m.expr(depth-1) + " && " + m.expr(depth-1)
		case 2:
			return m.expr(depth-1) + " || " + m.expr(depth-1)
		case 3:
			return "!(" + m.expr(depth-1) + ")"
		}
	}
	return m.leaf()
}

func (m *treeMaker) leaf() string {
	kind := m.of("bool", "bool", "string", "int", "hex")
	name := m.pick(kind)
	order := m.of("=", "!=", "<", "<=", ">", ">=")
	switch {
	case name == "":
		return m.of("y", "n", "y")
	case kind == "string":
		return name + " " + m.of("=", "!=", order) + " " + m.text()
	case kind == "int":
		return name + " " + order + " " + strconv.Itoa(m.IntN(40)-5)
	case kind == "hex":
		return name + " " + order + fmt.Sprintf(" 0x%x", m.IntN(200))
	case m.one(5):
		return name + m.of(" = ", " != ") + m.of("y", "n")
	}
	return name
}
