package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Board follows machines that go through the same stages side by side. A
// terminal shows it as a table below the running steps; the JSON format has an
// event for each change; plain lines do without. All methods may be called on a
// nil Board, and do nothing.
type Board struct {
	out    *Output
	stages []string
	rows   []*boardRow // in the order they appeared
}

type boardRow struct {
	machine string
	cells   []boardCell // one for each stage
}

type boardCell struct {
	state State // "" for a stage that has not begun
	start time.Time
	took  time.Duration
}

// Board starts a board with these stages, in order. Close takes it away.
func (o *Output) Board(stages ...string) *Board {
	o.mu.Lock()
	defer o.mu.Unlock()
	b := &Board{out: o, stages: stages}
	o.screen.board = b
	return b
}

// Close takes the board off the terminal.
func (b *Board) Close() {
	if b == nil {
		return
	}
	b.out.mu.Lock()
	defer b.out.mu.Unlock()
	if b.out.screen.board == b {
		b.out.screen.board = nil
	}
}

// Start says that a machine has begun a stage. What has begun already goes on,
// and what has ended begins anew.
func (b *Board) Start(machine, stage string) { b.set(machine, stage, Started) }

// End says how a stage of a machine ended, once.
func (b *Board) End(machine, stage string, err error) {
	if err != nil {
		b.set(machine, stage, Failed)
		return
	}
	b.set(machine, stage, Done)
}

// Skip says that a machine had nothing to do in a stage.
func (b *Board) Skip(machine, stage string) { b.set(machine, stage, Skipped) }

func (b *Board) set(machine, stage string, state State) {
	if b == nil {
		return
	}
	o := b.out
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.Index(b.stages, stage)
	if i < 0 {
		return // a caller with other stages
	}
	cell := &b.row(machine).cells[i]
	if cell.state == state {
		return
	}
	now := o.opts.Now()
	if state == Started {
		cell.start = now
	}
	cell.took = 0
	if cell.state == Started {
		cell.took = now.Sub(cell.start)
	}
	cell.state = state
	if o.opts.Format == JSON && !o.opts.Quiet {
		o.event(cell.event(machine, stage))
	}
}

func (c boardCell) event(machine, stage string) event {
	e := event{Type: "machine", Machine: machine, Step: stage, State: c.state}
	if c.state != Started {
		seconds := c.took.Round(time.Millisecond).Seconds()
		e.Seconds = &seconds
	}
	return e
}

// row finds a machine's row, or adds one.
func (b *Board) row(machine string) *boardRow {
	for _, r := range b.rows {
		if r.machine == machine {
			return r
		}
	}
	r := &boardRow{machine: machine, cells: make([]boardCell, len(b.stages))}
	b.rows = append(b.rows, r)
	return r
}

// lines draws the board in at most so many of them. Machines that are through
// all stages make room for those that are not.
func (b *Board) lines(room, frame int) []string {
	if b == nil || len(b.rows) == 0 || room < 3 {
		return nil
	}
	shown, hidden := b.rows, 0
	if len(shown) > room-1 {
		hidden = len(shown) - (room - 2)
		shown = slices.Clone(shown)
		slices.SortStableFunc(shown, func(x, y *boardRow) int { return x.open() - y.open() })
		shown = shown[:room-2]
	}
	name := utf8.RuneCountInString("machine")
	for _, r := range shown {
		name = max(name, utf8.RuneCountInString(r.machine))
	}
	lines := []string{b.line(name, "machine", func(i int) string { return b.stages[i] })}
	for _, r := range shown {
		lines = append(lines, b.line(name, r.machine, func(i int) string { return b.cell(r, i, frame) }))
	}
	if hidden > 0 {
		lines = append(lines, fmt.Sprintf("   and %d more", hidden))
	}
	return lines
}

// open is 0 for a machine that has stages left, and 1 for one that has none.
func (r *boardRow) open() int {
	switch r.cells[len(r.cells)-1].state {
	case Done, Skipped:
		return 1
	}
	return 0
}

// column is how wide a stage is: a mark and a time, or its title.
const column = 8

func (b *Board) line(name int, machine string, cell func(int) string) string {
	var line strings.Builder
	fmt.Fprintf(&line, "   %-*s", name, machine)
	for i := range b.stages {
		fmt.Fprintf(&line, "  %-*s", column, cell(i))
	}
	return strings.TrimRight(line.String(), " ")
}

// cell is a mark and the time that the stage took, or takes so far.
func (b *Board) cell(r *boardRow, i, frame int) string {
	style, c := b.out.style, r.cells[i]
	switch c.state {
	case Started:
		took := b.out.opts.Now().Sub(c.start).Truncate(time.Second)
		return style.frames[frame%len(style.frames)] + " " + took.String()
	case Done:
		return style.done + " " + short(c.took)
	case Failed:
		return style.fail + " " + short(c.took)
	case Skipped:
		return style.skip
	}
	// A stage that a later one has overtaken is one that was not needed.
	for _, later := range r.cells[i:] {
		if later.state != "" {
			return style.skip
		}
	}
	return ""
}
