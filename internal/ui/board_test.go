package ui

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/internal/golden"
)

// fleet is what three machines say that are made side by side.
func fleet(o *Output, c *clock) *Board {
	b := o.Board("machine", "config", "start", "node", "ready")
	for _, m := range []string{"demo-load-balancer", "demo-control-plane-1", "demo-worker-1"} {
		b.Start(m, "machine")
	}
	c.advance(1500 * time.Millisecond)
	for _, m := range []string{"demo-load-balancer", "demo-control-plane-1", "demo-worker-1"} {
		b.End(m, "machine", nil)
		b.Start(m, "config")
	}
	c.advance(2 * time.Second)
	b.Skip("demo-load-balancer", "config")
	b.Skip("demo-load-balancer", "ready")
	b.End("demo-control-plane-1", "config", nil)
	b.End("demo-control-plane-1", "config", nil) // a second time says nothing
	b.Start("demo-control-plane-1", "start")
	b.End("demo-worker-1", "config", errors.New("no room"))
	b.Start("demo-worker-1", "a stage that is not on it")
	c.advance(3 * time.Second)
	return b
}

func TestABoardShowsWhereEachMachineIs(t *testing.T) {
	c := newClock()
	o := New(&bytes.Buffer{}, Options{Env: env("LANG", "C.UTF-8"), Now: c.Now})
	golden.Check(t, "testdata/board.golden", strings.Join(fleet(o, c).lines(20, 0), "\n")+"\n")
}

func TestABoardInJSONHasAnEventForEachChange(t *testing.T) {
	var buffer bytes.Buffer
	c := newClock()
	fleet(New(&buffer, Options{Env: env(), Format: JSON, Now: c.Now}), c)
	golden.Check(t, "testdata/board-json.golden", buffer.String())
}

func TestPlainLinesDoWithoutABoard(t *testing.T) {
	var buffer bytes.Buffer
	c := newClock()
	fleet(New(&buffer, Options{Env: env("LANG", "C.UTF-8"), Now: c.Now}), c).Close()
	if buffer.Len() > 0 {
		t.Errorf("%q", buffer.String())
	}
}

func TestABoardOfManyMachinesLeavesOutThoseThatAreThrough(t *testing.T) {
	c := newClock()
	o := New(&bytes.Buffer{}, Options{Env: env("LANG", "C.UTF-8"), Now: c.Now})
	b := o.Board("ready")
	for i := range 30 {
		b.Start(fmt.Sprintf("demo-worker-%d", i+1), "ready")
	}
	for i := range 28 {
		b.End(fmt.Sprintf("demo-worker-%d", i+1), "ready", nil)
	}
	lines := b.lines(6, 0)
	text := strings.Join(lines, "\n")
	if len(lines) != 6 || !strings.Contains(lines[1], "demo-worker-29 ") || !strings.Contains(lines[2], "demo-worker-30 ") || lines[5] != "   and 26 more" {
		t.Errorf("%s", text)
	}
	if got := b.lines(2, 0); got != nil {
		t.Errorf("in two lines: %q", got)
	}
}

func TestWithoutABoardNothingIsFollowed(t *testing.T) {
	var none *Board
	none.Start("demo-worker-1", "ready")
	none.End("demo-worker-1", "ready", nil)
	none.Skip("demo-worker-1", "ready")
	none.Close()
	if got := none.lines(20, 0); got != nil {
		t.Errorf("%q", got)
	}
}
