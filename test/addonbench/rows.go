package main

import (
	"fmt"
	"slices"
	"strings"
)

// row is a line of the table.
type row struct {
	Size  int    `json:"objects"`
	What  string `json:"what"`
	Goal  string `json:"goal"`
	Ours  cell   `json:"ours"`
	Flux  cell   `json:"flux_ssa"`
	Plain cell   `json:"plain_ssa"`
	// Verdict is PASS or MISS, or nothing where there is no goal.
	Verdict string `json:"verdict,omitempty"`
}

// cell is what was measured; nothing where a contestant has no such thing.
type cell struct {
	Median  float64   `json:"median"`
	Min     float64   `json:"min"`
	Max     float64   `json:"max"`
	Samples []float64 `json:"samples,omitempty"`
	Unit    string    `json:"unit,omitempty"`
}

func (c cell) String() string {
	if len(c.Samples) == 0 {
		return "–"
	}
	text := strings.TrimRight(number(c.Median)+" "+c.Unit, " ")
	if c.Min < c.Max {
		text += fmt.Sprintf(" (%s..%s)", number(c.Min), number(c.Max))
	}
	return text
}

func number(v float64) string {
	switch {
	case v == float64(int(v)):
		return fmt.Sprintf("%.0f", v)
	case v < 10 && v > -10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// cellOf sums up samples.
func cellOf(samples []float64, unit string) cell {
	if len(samples) == 0 {
		return cell{}
	}
	sorted := slices.Sorted(slices.Values(samples))
	return cell{quantile(sorted, 0.5), sorted[0], sorted[len(sorted)-1], samples, unit}
}

// quantile of sorted samples; a half of an even number of them is the middle of two.
func quantile(sorted []float64, q float64) float64 {
	if q == 0.5 && len(sorted)%2 == 0 {
		return (sorted[len(sorted)/2-1] + sorted[len(sorted)/2]) / 2
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// goal is a bound of the median, or of the worst sample where the count is right
// or wrong by definition.
type goal struct {
	text  string
	most  float64
	least float64
	worst bool
}

func atMost(limit float64, text string) goal  { return goal{text: text, most: limit, least: -1} }
func atLeast(limit float64, text string) goal { return goal{text: text, most: -1, least: limit} }
func none() goal                              { return goal{text: "none", most: 0, least: -1, worst: true} }
func noGoal() goal                            { return goal{most: -1, least: -1} }

func (g goal) verdict(c cell) string {
	value := c.Median
	if g.worst {
		value = c.Max
	}
	switch {
	case g.text == "" || len(c.Samples) == 0:
		return ""
	case g.least >= 0 && value >= g.least, g.least < 0 && value <= g.most:
		return "PASS"
	}
	return "MISS"
}

// rows are the table, in the order of the issue.
func (r *run) rows() []row {
	var rows []row
	line := func(size int, what, samples, unit string, g goal) {
		of := func(who string) cell { return cellOf(r.samples[sampleKey{size, samples, who}], unit) }
		add := row{Size: size, What: what, Goal: g.text, Ours: of(ours), Flux: of(flux), Plain: of(plain)}
		if len(add.Ours.Samples)+len(add.Flux.Samples)+len(add.Plain.Samples) == 0 {
			return
		}
		add.Verdict = g.verdict(add.Ours)
		rows = append(rows, add)
	}
	for _, n := range r.options.sizes {
		line(n, "no-op pass: requests", "noop requests", "", none())
		line(n, "no-op pass: writes", "noop writes", "", none())
		line(n, "no-op pass: client CPU", "noop client", "ms", atMost(15, "< 15 ms"))
		line(n, "no-op pass: apiserver CPU", "noop apiserver", "ms", noGoal())
		// With eight objects, a single inventory is more than a twentieth.
		perObject, rate := noGoal(), noGoal()
		if n >= 1000 {
			perObject, rate = atMost(1.05, "≤ 1.05"), atLeast(100, "≥ 100")
		}
		line(n, "first apply: requests per object", "first requests", "", perObject)
		line(n, "first apply: bookkeeping per addon (inventory, status)", "first books", "", noGoal())
		line(n, "first apply: all requests per object", "first all requests", "", noGoal())
		line(n, "first apply: objects per second", "first rate", "", rate)
		line(n, "first apply: apiserver CPU per object", "first apiserver", "ms", noGoal())
		line(n, "first apply: etcd CPU per object", "first etcd", "ms", noGoal())
		line(n, "first apply: client CPU per object", "first client", "ms", noGoal())
		line(n, "restart, nothing to do: writes", "restart writes", "", none())
		line(n, "restart, nothing to do: watches per kind", "restart watches", "", atMost(1, "1"))
		line(n, "restart, nothing to do: requests", "restart requests", "", noGoal())
		line(n, "restart, nothing to do: steady after", "restart steady", "s", atMost(2, "≤ 2 s"))
		if n == r.options.story {
			r.storyLines(n, line)
			rows = append(rows, r.driftRows(n)...)
			rows = append(rows, r.brokenRows(n)...)
			line(n, "git, idle: ls-remote requests per poll", "git requests", "", atMost(1, "1"))
			line(n, "git, idle: requests to the API server", "git cluster", "", none())
		}
		memory := noGoal()
		switch {
		case n <= 1000:
			memory = atMost(64, "≤ 64 MiB")
		case n <= 5000:
			memory = atMost(128, "≤ 128 MiB")
		}
		memory.worst = true
		line(n, "resident memory", "memory", "MiB", memory)
		line(n, "resident memory, peak", "memory peak", "MiB", noGoal())
	}
	return rows
}

func (r *run) storyLines(n int, line func(size int, what, samples, unit string, g goal)) {
	idle := "idle for " + r.options.idle.String() + ": "
	line(n, idle+"writes but the lease", "idle writes", "", none())
	line(n, idle+"requests", "idle requests", "", noGoal())
	line(n, idle+"CPU per minute", "idle client", "ms", noGoal())
	line(n, "one line changed: requests beyond it", "change requests", "", atMost(3, "≤ 3"))
	line(n, "one line changed: addons built", "change built", "", atMost(1, "1"))
	line(n, "one line changed: client CPU", "change client", "ms", noGoal())
	line(n, "commit → applied", "change took", "ms", atMost(1000, "≤ 1000 ms"))
}

// driftRows are quantiles, not medians of medians.
func (r *run) driftRows(n int) []row {
	samples := slices.Sorted(slices.Values(r.samples[sampleKey{n, "drift", ours}]))
	if len(samples) == 0 {
		return nil
	}
	lost := len(r.samples[sampleKey{n, "drift lost", ours}])
	quantileRow := func(what string, q, limit float64) row {
		value := quantile(samples, q)
		g := atMost(limit, fmt.Sprintf("≤ %.0f ms", limit))
		c := cellOf([]float64{value}, "ms")
		return row{Size: n, What: what, Goal: g.text, Ours: c, Verdict: g.verdict(c)}
	}
	gone := cellOf(r.samples[sampleKey{n, "deleted", ours}], "ms")
	never := cellOf([]float64{float64(lost)}, fmt.Sprintf("of %d", lost+len(samples)))
	most := cellOf([]float64{samples[len(samples)-1]}, "ms")
	return []row{
		quantileRow("drift undone: p50", 0.5, 30), quantileRow("drift undone: p99", 0.99, 300),
		{Size: n, What: "drift undone: slowest", Ours: most},
		{Size: n, What: "deleted object is back", Ours: gone},
		{Size: n, What: "drift not undone within 10 s", Goal: "none", Ours: never, Verdict: none().verdict(never)},
	}
}

// brokenRows compare the others' time with and without a broken addon: the ratio of the
// fastest rounds, and in brackets those of the single ones. What else the computer does
// makes a round slower, and never faster.
func (r *run) brokenRows(n int) []row {
	without := cellOf(r.samples[sampleKey{n, "broken none", ours}], "s")
	if len(without.Samples) == 0 {
		return nil
	}
	rows := []row{{Size: n, What: "all addons change: the 124 applied after", Ours: without}}
	for _, v := range []string{"refused", "unbuildable"} {
		with := cellOf(r.samples[sampleKey{n, "broken " + v, ours}], "s")
		if len(with.Samples) == 0 {
			continue
		}
		var ratios []float64
		for i, seconds := range with.Samples[:min(len(with.Samples), len(without.Samples))] {
			ratios = append(ratios, seconds/without.Samples[i])
		}
		g := atMost(1.1, "≤ 1.1 ×")
		c := cellOf(ratios, "×")
		c.Median = with.Min / without.Min
		rows = append(rows, row{Size: n, What: "one addon " + v + ": the other 124 take", Goal: g.text, Ours: c, Verdict: g.verdict(c)})
	}
	return rows
}

func missed(rows []row) (n int) {
	for _, r := range rows {
		if r.Verdict == "MISS" {
			n++
		}
	}
	return n
}
