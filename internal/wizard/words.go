package wizard

import (
	"strconv"
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func count(n int, one, many string) string {
	return strconv.Itoa(n) + " " + plural(n, one, many)
}

func names(symbols []*kconfig.Symbol) string {
	list := make([]string, len(symbols))
	for i, s := range symbols {
		list[i] = s.Name
	}
	return strings.Join(list, ", ")
}

// nameOf is the name an entry is known by: its symbol's or its choice's.
func nameOf(n *kconfig.Node) string {
	switch {
	case n.Symbol != nil:
		return n.Symbol.Name
	case n.Choice != nil:
		return n.Choice.Name
	}
	return ""
}

// shortName is what a choice's member is called in the file: its name without
// the choice's.
func shortName(member *kconfig.Symbol) string {
	return strings.TrimPrefix(member.Name, member.Choice.Name+".")
}

// flow joins the lines of a paragraph, unless it is a list or a picture.
func flow(paragraph string) string {
	lines := strings.Split(paragraph, "\n")
	for _, line := range lines {
		if line != "" && strings.ContainsRune(" \t-*•", []rune(line)[0]) {
			return paragraph
		}
	}
	return strings.Join(lines, " ")
}

// summary is the first paragraph of a help text, in one line.
func summary(help string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(help), "\n\n")
	return strings.Join(strings.Fields(first), " ")
}
