package kconfig

import (
	"fmt"
	"slices"
	"strings"
)

// graph is what values are computed from. Its vertices are the symbols, the
// visibilities and selections of choices, and the two conditions of scopes,
// numbered in this order.
type graph struct {
	tree   *Tree
	scopes []*scope
}

// edge says that one vertex is computed from another, why, and where it says so.
type edge struct {
	to     int
	reason string
	span   Span
}

func (p *parser) findLoops() {
	g := &graph{tree: p.tree, scopes: make([]*scope, p.tree.scopes)}
	g.collect()
	for _, component := range components(g.size(), g.edges) {
		if loop := g.shortestLoop(component); loop != nil {
			p.reportLoop(g, loop)
		}
	}
}

func (g *graph) collect() {
	for _, ch := range g.tree.Choices {
		g.scopes[ch.scope.id] = ch.scope
		g.collectNodes(ch.Nodes)
	}
	for _, s := range g.tree.Symbols {
		g.collectNodes(s.Nodes)
	}
}

// collectNodes finds the scopes that have an influence on a value.
func (g *graph) collectNodes(nodes []*Node) {
	for _, n := range nodes {
		for sc := n.scope; sc != nil && g.scopes[sc.id] == nil; sc = sc.parent {
			g.scopes[sc.id] = sc
		}
	}
}

func (g *graph) size() int {
	return len(g.tree.Symbols) + 2*len(g.tree.Choices) + 2*len(g.scopes)
}

func (g *graph) mode(ch *Choice) int { return len(g.tree.Symbols) + 2*ch.id }

func (g *graph) selection(ch *Choice) int { return g.mode(ch) + 1 }

func (g *graph) depends(sc *scope) int {
	return len(g.tree.Symbols) + 2*len(g.tree.Choices) + 2*sc.id
}

func (g *graph) shown(sc *scope) int { return g.depends(sc) + 1 }

// label names a vertex, or is empty for the condition of a scope.
func (g *graph) label(v int) string {
	if v < len(g.tree.Symbols) {
		return g.tree.Symbols[v].Name
	}
	if v -= len(g.tree.Symbols); v < 2*len(g.tree.Choices) {
		return g.tree.Choices[v/2].label()
	}
	return ""
}

func (c *Choice) label() string {
	if c.Name != "" {
		return "choice " + c.Name
	}
	return fmt.Sprintf("choice %q", c.Prompt())
}

// edges visits what a vertex is computed from.
func (g *graph) edges(v int, visit func(edge)) {
	l := edgeList{g, visit}
	if v < len(g.tree.Symbols) {
		l.ofSymbol(g.tree.Symbols[v])
		return
	}
	if v -= len(g.tree.Symbols); v < 2*len(g.tree.Choices) {
		l.ofChoice(g.tree.Choices[v/2], v%2 == 1)
		return
	}
	v -= 2 * len(g.tree.Choices)
	switch sc := g.scopes[v/2]; {
	case sc == nil:
	case v%2 == 1:
		l.ofShown(sc)
	default:
		l.ofDepends(sc)
	}
}

// reportLoop prints a loop that starts at a vertex with a label.
func (p *parser) reportLoop(g *graph, loop []edge) {
	from := loop[len(loop)-1].to
	start := from
	path := []string{g.label(start)}
	var lines []string
	reason := ""
	for _, e := range loop {
		if reason == "" {
			reason = e.reason
		}
		to := g.label(e.to)
		if to == "" {
			continue
		}
		if to != g.label(from) || start == e.to {
			lines = append(lines, fmt.Sprintf("\n\t%s %s %s (%s)", g.label(from), reason, to, e.span))
			path = append(path, to)
		}
		from, reason = e.to, ""
	}
	n := g.node(start)
	p.errorIn(n, n.Span, "values depend on each other: %s%s", strings.Join(path, " → "), strings.Join(lines, ""))
}

func (g *graph) node(v int) *Node {
	if v < len(g.tree.Symbols) {
		return g.tree.Symbols[v].Nodes[0]
	}
	return g.tree.Choices[(v-len(g.tree.Symbols))/2].Nodes[0]
}

// shortestLoop is the shortest way from the first labelled vertex of a strongly
// connected component back to itself, or nil for a lone vertex without one.
func (g *graph) shortestLoop(component []int) []edge {
	start := -1
	in := map[int]bool{}
	for _, v := range component {
		in[v] = true
		if g.label(v) != "" && (start < 0 || v < start) {
			start = v
		}
	}
	if start < 0 {
		return nil
	}
	type arrival struct {
		from int
		edge edge
	}
	reached := map[int]arrival{}
	for queue := []int{start}; len(queue) > 0; queue = queue[1:] {
		v := queue[0]
		g.edges(v, func(e edge) {
			if _, seen := reached[e.to]; seen || !in[e.to] {
				return
			}
			reached[e.to] = arrival{v, e}
			queue = append(queue, e.to)
		})
		if back, ok := reached[start]; ok {
			loop := []edge{back.edge}
			for v := back.from; v != start; v = reached[v].from {
				loop = append(loop, reached[v].edge)
			}
			slices.Reverse(loop)
			return loop
		}
	}
	return nil
}
