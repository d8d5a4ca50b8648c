package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// rows is how many running steps a terminal shows at once.
const rows = 8

// screen is the live part of a terminal: the lines of the running steps, below
// everything that is final. Its fields are guarded by the Output's lock.
type screen struct {
	running []*Step
	drawn   int // lines on the terminal that erase has to take back
	frame   int
	board   *Board            // below the running steps; nil for none
	size    func() (w, h int) // of the terminal
	ticks   chan struct{}     // closed to stop the spinner; nil when none turns
}

// show adds a step, and lets the spinner turn while there is one.
func (c *screen) show(o *Output, s *Step) {
	c.running = append(c.running, s)
	_, _ = fmt.Fprint(o.w, c.erase()+c.draw())
	if c.ticks != nil {
		return
	}
	stop := make(chan struct{})
	c.ticks = stop
	go o.spin(stop)
}

func (o *Output) spin(stop <-chan struct{}) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			o.tick(stop)
		}
	}
}

// tick draws the next frame, unless the spinner was stopped meanwhile.
func (o *Output) tick(stop <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case <-stop:
		return
	default:
	}
	o.screen.frame++
	_, _ = fmt.Fprint(o.w, o.screen.erase()+o.screen.draw())
}

// hide removes a step; the last one stops the spinner.
func (c *screen) hide(s *Step) {
	if i := slices.Index(c.running, s); i >= 0 {
		c.running = slices.Delete(c.running, i, i+1)
	}
	if len(c.running) == 0 {
		c.stop()
	}
}

func (c *screen) stop() {
	c.running = nil
	if c.ticks != nil {
		close(c.ticks)
		c.ticks = nil
	}
}

// erase returns what takes the drawn lines off the terminal.
func (c *screen) erase() string {
	if c.drawn == 0 {
		return ""
	}
	up := fmt.Sprintf("\r\x1b[%dA\x1b[J", c.drawn)
	c.drawn = 0
	return up
}

// draw returns the lines of the running steps, and below them the board as long as
// there are some. A line never wraps, and all fit on the terminal: erase would
// miss rows.
func (c *screen) draw() string {
	var b strings.Builder
	columns, height := c.size()
	visible := c.running[:min(rows, len(c.running))]
	var lines []string
	for _, s := range visible {
		lines = append(lines, s.spinning(c.frame))
	}
	if hidden := len(c.running) - len(visible); hidden > 0 {
		lines = append(lines, fmt.Sprintf("   and %d more", hidden))
	}
	if len(c.running) > 0 {
		lines = append(lines, c.board.lines(height-1-len(lines), c.frame)...)
	}
	for _, line := range lines {
		fmt.Fprintln(&b, cut(line, columns-1))
	}
	c.drawn = len(lines)
	return b.String()
}

// spinning is the step's line while it runs: title, time of budget, what it sees.
func (s *Step) spinning(frame int) string {
	o := s.out
	frames := o.style.frames
	elapsed := o.opts.Now().Sub(s.start).Truncate(time.Second).String()
	if s.budget > 0 {
		elapsed += " of " + budget(s.budget)
	}
	line := strings.Repeat("  ", s.depth()) + " " + frames[frame%len(frames)] + " " + s.title + " (" + elapsed + ")"
	if s.seen != "" {
		line += ": " + s.seen
	}
	return line
}

// cut shortens a line to a number of columns.
func cut(line string, columns int) string {
	if utf8.RuneCountInString(line) <= columns {
		return line
	}
	if columns < 1 {
		return ""
	}
	return string([]rune(line)[:columns])
}
