package wizard

import (
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// index is what the search looks through: every menu, symbol and choice, in
// small letters.
type index struct {
	entries []entry
}

type entry struct {
	node               *kconfig.Node
	name, prompt, help string
}

func newIndex(tree *kconfig.Tree) *index {
	ix := index{make([]entry, 0, len(tree.Symbols)+len(tree.Choices))}
	for n := range tree.Nodes() {
		if n.Symbol != nil && n.Symbol.Nodes[0] != n {
			continue // found already
		}
		e := entry{node: n, name: strings.ToLower(nameOf(n)), prompt: strings.ToLower(n.Prompt), help: strings.ToLower(n.Help)}
		if n.Symbol != nil {
			e.prompt, e.help = strings.ToLower(n.Symbol.Prompt()), strings.ToLower(n.Symbol.Help())
		}
		ix.entries = append(ix.entries, e)
	}
	return &ix
}

// ranks are how well an entry can match: its whole name or prompt, the start of
// its name or of a part of it, within it, within the prompt, within the help text.
const ranks = 5

// find returns the entries in which all words are found, the best first, and of
// equally good ones those that are shown.
func (ix *index) find(query string, shown func(*kconfig.Node) bool) []*kconfig.Node {
	words := strings.Fields(strings.ToLower(query))
	if len(words) == 0 {
		return nil
	}
	var found [2 * ranks][]*kconfig.Node
	for i := range ix.entries {
		e := &ix.entries[i]
		rank := e.rank(words)
		if rank < 0 {
			continue
		}
		if e.prompt == strings.Join(words, " ") {
			rank = 0
		}
		if rank *= 2; !shown(e.node) {
			rank++
		}
		found[rank] = append(found[rank], e.node)
	}
	return slices.Concat(found[:]...)
}

// rank is how well the worst word matches, or -1.
func (e *entry) rank(words []string) int {
	worst := 0
	for _, word := range words {
		rank := e.rankOf(word)
		if rank < 0 {
			return -1
		}
		worst = max(worst, rank)
	}
	return worst
}

func (e *entry) rankOf(word string) int {
	if at := strings.Index(e.name, word); at >= 0 {
		switch {
		case len(word) == len(e.name):
			return 0
		case at == 0 || e.name[at-1] == '.':
			return 1
		}
		return 2
	}
	if strings.Contains(e.prompt, word) {
		return 3
	}
	if strings.Contains(e.help, word) {
		return 4
	}
	return -1
}
