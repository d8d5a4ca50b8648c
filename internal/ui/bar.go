package ui

import (
	"fmt"
	"strings"
	"time"
)

// Advance says how much of the step's work is done, in bytes. A terminal shows
// a bar; other output does without.
func (s *Step) Advance(done, total int64) {
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	if total <= 0 {
		return
	}
	s.seen = s.bar(done, total, s.out.opts.Now().Sub(s.start))
}

// cells is the width of a bar.
const cells = 20

// bar is what a line shows of progress: the bar, amounts, and the speed so far.
func (s *Step) bar(done, total int64, took time.Duration) string {
	done = max(0, min(done, total))
	full := int(done * cells / total)
	bar := "[" + strings.Repeat("=", full) + strings.Repeat(" ", cells-full) + "]"
	text := fmt.Sprintf("%s %d%% of %s", bar, done*100/total, Bytes(total))
	if seconds := took.Seconds(); seconds >= 1 && done > 0 {
		text += fmt.Sprintf(", %s/s", Bytes(int64(float64(done)/seconds)))
	}
	return text
}

// Bytes writes an amount as people read it: 512 B, 4 KiB, 330 MiB, 1.2 GiB.
func Bytes(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	case n < 1<<30:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
