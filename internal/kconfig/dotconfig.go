package kconfig

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Prefix is what stands before names in the files that Linux writes.
const Prefix = "CONFIG_"

// maxLine bounds a line of a flat configuration file.
const maxLine = 1 << 20

// ReadDotConfig sets what a flat configuration file says, on top of what is
// set. Lines that cannot be used (malformed, of an unknown symbol, of the wrong
// type) are skipped and reported; of two lines for one symbol the last counts,
// which is reported too. Name is the file's name in these reports. The error
// is one of reading.
func (c *Config) ReadDotConfig(r io.Reader, name, prefix string) (Errors, error) {
	var problems Errors
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	seen := map[string]int{}
	for n := 1; lines.Scan(); n++ {
		report := func(format string, args ...any) {
			problems = append(problems, &Error{Span: Span{File: name, Line: n}, Message: fmt.Sprintf(format, args...)})
		}
		line := strings.TrimRight(lines.Text(), "\r")
		symbol, value, ok := assignment(line, prefix, report)
		if !ok {
			continue
		}
		if s := c.tree.Symbol(symbol); s != nil && s.Type != Bool && line[0] == '#' {
			report("%s is of type %s; only a bool can be not set", symbol, s.Type)
			continue
		}
		if before := seen[symbol]; before > 0 {
			report("%s was set before, in line %d; this one counts", symbol, before)
		}
		if problem := c.setLine(symbol, value); problem != "" {
			report("%s", problem)
			continue
		}
		seen[symbol] = n
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return problems, fmt.Errorf("read %s: a line is longer than %d bytes", name, maxLine)
	} else if err != nil {
		return problems, fmt.Errorf("read %s: %w", name, err)
	}
	return problems, nil
}

// assignment takes a line apart; ok is false for a comment and for a line that
// it reports.
func assignment(line, prefix string, report func(string, ...any)) (symbol, value string, ok bool) {
	if rest, found := strings.CutPrefix(line, "# "+prefix); found {
		symbol, ok = strings.CutSuffix(rest, " is not set")
		return symbol, "n", ok && symbol != "" && !strings.ContainsAny(symbol, " \t")
	}
	if strings.TrimSpace(line) == "" || line[0] == '#' {
		return "", "", false
	}
	rest, found := strings.CutPrefix(line, prefix)
	symbol, value, ok = strings.Cut(rest, "=")
	if !found || !ok || symbol == "" || strings.ContainsAny(symbol, " \t\"") {
		report("expected %sNAME=VALUE or \"# %sNAME is not set\", not %q", prefix, prefix, abbreviate(line))
		return "", "", false
	}
	return symbol, value, true
}

func abbreviate(line string) string {
	if len(line) > 60 {
		return line[:60] + "…"
	}
	return line
}

// setLine sets a value as it is written in a file, and says why it cannot be.
func (c *Config) setLine(symbol, value string) (problem string) {
	s := c.tree.Symbol(symbol)
	if s != nil && s.Type == String {
		text, ok := unquote(value)
		if !ok {
			return fmt.Sprintf("%s is a string; its value must be in double quotes, not %s", symbol, abbreviate(value))
		}
		value = text
	}
	var p *Problem
	if err := c.Set(symbol, value); errors.As(err, &p) && p.Symbol != nil {
		return fmt.Sprintf("%s: %s", symbol, p.Message)
	} else if err != nil {
		return err.Error()
	}
	return ""
}

// unquote reads a text in double quotes; what follows them is ignored, as in
// Linux.
func unquote(value string) (text string, ok bool) {
	if !strings.HasPrefix(value, `"`) {
		return "", false
	}
	for i := 1; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case '"':
			return unescape(value[1:i]), true
		}
	}
	return "", false
}

// WriteDotConfig writes all symbols that are Written as a flat configuration
// file, which Linux, kconfig-frontends and Kconfiglib read.
func (c *Config) WriteDotConfig(w io.Writer, prefix string) error {
	d := &dotConfig{Config: c, prefix: prefix, done: make([]bool, len(c.tree.Symbols))}
	d.write("#\n# Automatically generated file; DO NOT EDIT.\n# ", c.tree.Root.Prompt, "\n#\n")
	for _, n := range c.tree.Root.Children {
		d.node(n)
	}
	_, err := io.WriteString(w, d.out.String())
	return err
}

// dotConfig is a flat configuration file while it is written.
type dotConfig struct {
	*Config
	prefix string
	out    strings.Builder
	// done are the symbols that are written: each is, once, at its first node.
	done []bool
	// ended is set after the end of a menu, which an empty line follows.
	ended bool
}

func (d *dotConfig) node(n *Node) {
	heading := (n.Kind == KindMenu || n.Kind == KindComment) && d.headed(n)
	if heading {
		d.write("\n#\n# ", n.Prompt, "\n#\n")
		d.ended = false
	}
	if n.Symbol != nil && !d.done[n.Symbol.id] && d.Written(n.Symbol) {
		if d.ended {
			d.out.WriteByte('\n')
		}
		d.ended, d.done[n.Symbol.id] = false, true
		d.line(n.Symbol)
	}
	for _, child := range n.Children {
		d.node(child)
	}
	if heading && n.Kind == KindMenu {
		d.write("# end of ", n.Prompt, "\n")
		d.ended = true
	}
}

// headed says whether a menu or comment has a heading, be it empty: as in Linux
// the "visible if" of a menu around it does not matter.
func (d *dotConfig) headed(n *Node) bool {
	return d.depends(n.scope) && d.all(n.VisibleIf)
}

func (d *dotConfig) line(s *Symbol) {
	value := d.Value(s)
	switch {
	case s.Type == Bool && value == "n":
		d.write("# ", d.prefix, s.Name, " is not set\n")
	case s.Type == String:
		d.write(d.prefix, s.Name, "=", quote(value), "\n")
	case s.Type != Unknown:
		d.write(d.prefix, s.Name, "=", value, "\n")
	}
}

func (d *dotConfig) write(parts ...string) {
	for _, part := range parts {
		d.out.WriteString(part)
	}
}
