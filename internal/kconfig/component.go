package kconfig

// components are the strongly connected components of a graph, by Tarjan's
// algorithm, those with more than one vertex or an edge to itself.
func components(size int, edges func(int, func(edge))) [][]int {
	t := &tarjan{
		edges: edges,
		index: make([]int, size),
		low:   make([]int, size),
		on:    make([]bool, size),
	}
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
	index, low []int
	on         []bool
	stack      []int
	count      int
	found      [][]int
}

func (t *tarjan) visit(v int) {
	t.count++
	t.index[v], t.low[v] = t.count, t.count
	t.stack, t.on[v] = append(t.stack, v), true
	loop := false
	t.edges(v, func(e edge) {
		loop = loop || e.to == v
		if t.index[e.to] == 0 {
			t.visit(e.to)
			t.low[v] = min(t.low[v], t.low[e.to])
		} else if t.on[e.to] {
			t.low[v] = min(t.low[v], t.index[e.to])
		}
	})
	if t.low[v] != t.index[v] {
		return
	}
	at := len(t.stack) - 1
	for t.stack[at] != v {
		at--
	}
	component := append([]int(nil), t.stack[at:]...)
	t.stack = t.stack[:at]
	for _, w := range component {
		t.on[w] = false
	}
	if loop || len(component) > 1 {
		t.found = append(t.found, component)
	}
}
