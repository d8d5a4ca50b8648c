package kconfig

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestEveryRuleOfTheLanguageHoldsInTheCorpus(t *testing.T) {
	for _, a := range readArchives(t, "rules") {
		t.Run(a.name(), func(t *testing.T) {
			tree, err := Parse(a.files(), "Kconfig")
			if err != nil {
				t.Fatal(err)
			}
			got := []section{{"want.tree", outline(tree)}}
			for _, config := range a.configs() {
				got = append(got, section{"want" + strings.TrimPrefix(config.name, "config"), values(t, tree, config)})
			}
			a.compare(t, got)
		})
	}
}

// outline writes the menu tree with the help texts and the warnings.
func outline(tree *Tree) string {
	var b strings.Builder
	write(&b, tree.Root, "")
	for _, w := range tree.Warnings {
		fmt.Fprintf(&b, "%s\n", w)
	}
	return b.String()
}

func write(b *strings.Builder, n *Node, indent string) {
	fmt.Fprintf(b, "%s%s", indent, n.Kind)
	if n.Symbol != nil {
		fmt.Fprintf(b, " %s %s", n.Symbol.Name, n.Symbol.Type)
	}
	if n.HasPrompt() {
		fmt.Fprintf(b, " %q", n.Prompt)
	}
	if conditions := n.Conditions(); len(conditions) > 0 {
		var texts []string
		for _, e := range conditions {
			texts = append(texts, e.String())
		}
		fmt.Fprintf(b, " if %s", strings.Join(texts, " and "))
	}
	b.WriteByte('\n')
	if n.Help != "" {
		for line := range strings.SplitSeq(n.Help, "\n") {
			fmt.Fprintf(b, "%s|%s\n", indent, line)
		}
	}
	for _, child := range n.Children {
		write(b, child, indent+"  ")
	}
}

// values writes all values, what was wrong with the configuration, and what a
// person would see.
func values(t *testing.T, tree *Tree, config section) string {
	t.Helper()
	c := tree.NewConfig()
	problems, err := c.ReadDotConfig(strings.NewReader(config.text), config.name, Prefix)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, p := range problems {
		fmt.Fprintln(&b, p)
	}
	if err := c.Dump(&b); err != nil {
		t.Fatal(err)
	}
	for _, p := range c.UserValueProblems() {
		fmt.Fprintln(&b, p)
	}
	fmt.Fprintln(&b, "shown:"+shown(c, tree.Root))
	return b.String()
}

func shown(c *Config, n *Node) string {
	text := ""
	for _, child := range c.VisibleChildren(n) {
		name := child.Prompt
		if child.Symbol != nil {
			name = child.Symbol.Name
		}
		text += " " + name
		if inner := shown(c, child); inner != "" {
			text += " (" + strings.TrimSpace(inner) + ")"
		}
	}
	return text
}

func TestEveryClassOfErrorsIsReportedWithItsPlace(t *testing.T) {
	for _, a := range readArchives(t, "errors") {
		t.Run(a.name(), func(t *testing.T) {
			tree, err := Parse(a.files(), "Kconfig")
			if err == nil {
				t.Fatalf("no error; the values would be\n%s", values(t, tree, section{}))
			}
			a.compare(t, []section{{"want", err.Error() + "\n"}})
		})
	}
}
