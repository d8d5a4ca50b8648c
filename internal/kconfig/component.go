package kconfig

import "slices"

// components are the strongly connected components of a graph, by Tarjan's
// algorithm, those with more than one vertex or an edge to itself.
func components(size int, edges func(int, func(edge))) [][]int {
	t := &tarjan{
		edges: edges,
		index: make([]int32, size),
		low:   make([]int32, size),
		on:    make([]bool, size),
	}
	t.follow = t.edge
	for v := range size {
		if t.index[v] == 0 {
			t.visit(v)
		}
	}
	return t.found
}

type tarjan struct {
	edges func(int, func(edge))
	// index is when a vertex was reached first, from 1.
	index, low []int32
	on         []bool
	stack      []int
	count      int32
	// at is the vertex whose edges are being followed, and loop says whether
	// one of them leads back to it.
	at    int
	loop  bool
	found [][]int
	// follow is the method edge, made a function once.
	follow func(edge)
}

func (t *tarjan) visit(v int) {
	t.count++
	t.index[v], t.low[v] = t.count, t.count
	t.stack, t.on[v] = append(t.stack, v), true

	at, loop := t.at, t.loop
	t.at, t.loop = v, false
	t.edges(v, t.follow)
	loops := t.loop
	t.at, t.loop = at, loop

	if t.low[v] != t.index[v] {
		return
	}
	from := len(t.stack) - 1
	for t.on[t.stack[from]] = false; t.stack[from] != v; t.on[t.stack[from]] = false {
		from--
	}
	if component := t.stack[from:]; loops || len(component) > 1 {
		t.found = append(t.found, slices.Clone(component))
	}
	t.stack = t.stack[:from]
}

// edge follows an edge of the vertex at.
func (t *tarjan) edge(e edge) {
	v := t.at
	t.loop = t.loop || e.to == v
	if t.index[e.to] == 0 {
		t.visit(e.to)
		t.low[v] = min(t.low[v], t.low[e.to])
	} else if t.on[e.to] {
		t.low[v] = min(t.low[v], t.index[e.to])
	}
}
