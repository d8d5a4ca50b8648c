package ui

import (
	"strings"
	"time"
)

// State is where a step stands.
type State string

// The states of a step.
const (
	Started State = "started"
	Done    State = "done"
	Failed  State = "failed"
	Skipped State = "skipped"
)

// Step is one piece of work that has a line of its own. Steps may run in
// parallel, and have steps below them.
type Step struct {
	out    *Output
	parent *Step
	title  string
	budget time.Duration
	start  time.Time
	took   time.Duration
	state  State
	seen   string // what it is waiting for right now
}

// Step starts a step; a budget of 0 shows none.
func (o *Output) Step(title string, budget time.Duration) *Step { return o.start(nil, title, budget) }

// Step starts a step that is part of this one.
func (s *Step) Step(title string, budget time.Duration) *Step {
	return s.out.start(s, title, budget)
}

func (o *Output) start(parent *Step, title string, budget time.Duration) *Step {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := &Step{out: o, parent: parent, title: title, budget: budget, start: o.opts.Now(), state: Started}
	o.steps = append(o.steps, s)
	switch {
	case o.opts.Quiet:
	case o.opts.Format == JSON:
		o.event(s.event(""))
	case o.style.live:
		o.screen.show(o, s)
	}
	return s
}

// See says what the step is waiting for at the moment; a terminal shows it.
func (s *Step) See(text string) {
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	s.seen, _, _ = strings.Cut(text, "\n")
}

// Done ends the step well. A detail, if there is one, says what came of it.
func (s *Step) Done(detail ...string) { s.end(Done, strings.Join(detail, " ")) }

// Skip ends the step because there was nothing to do.
func (s *Step) Skip(reason string) { s.end(Skipped, reason) }

// Fail ends the step badly. The text format leaves the error to the end of
// the verb, where it is read; it would be there twice.
func (s *Step) Fail(err error) {
	detail := ""
	if err != nil && s.out.opts.Format == JSON {
		detail = err.Error()
	}
	s.end(Failed, detail)
}

// End is Fail for an error and Done for none, and returns the error.
func (s *Step) End(err error) error {
	if err != nil {
		s.Fail(err)
	} else {
		s.Done()
	}
	return err
}

// end is final: whatever is said about the step later is too late.
func (s *Step) end(state State, detail string) {
	o := s.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if s.state != Started {
		return
	}
	s.state, s.took = state, o.opts.Now().Sub(s.start)
	o.screen.hide(s)
	switch {
	case o.opts.Quiet:
	case o.opts.Format == JSON:
		o.event(s.event(detail))
	default:
		o.line(s.finished(detail))
	}
}

// finished is the step's line in the log.
func (s *Step) finished(detail string) string {
	style := s.out.style
	line := strings.Repeat("  ", s.depth()) + " " + style.mark(s.state) + " " + s.title
	if detail != "" {
		line += ": " + detail
	}
	if s.state != Skipped {
		line += " " + style.dim("("+short(s.took)+")")
	}
	return line
}

func (s *Step) depth() int {
	depth := 0
	for p := s.parent; p != nil; p = p.parent {
		depth++
	}
	return depth
}

func (s *Step) event(detail string) event {
	e := event{Type: "step", Step: s.title, State: s.state, Text: detail}
	if s.parent != nil {
		e.Parent = s.parent.title
	}
	if s.state != Started {
		seconds := s.took.Round(time.Millisecond).Seconds()
		e.Seconds = &seconds
	}
	return e
}

// Timing is how long a step took.
type Timing struct {
	Step, Parent string
	State        State
	// After is when it started, counted from the first step.
	After, Took time.Duration
}

// Timings lists the steps in the order they started; one that still runs has
// the state Started and the time so far.
func (o *Output) Timings() []Timing {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []Timing
	for _, s := range o.steps {
		t := Timing{Step: s.title, State: s.state, After: s.start.Sub(o.steps[0].start), Took: s.took}
		if s.parent != nil {
			t.Parent = s.parent.title
		}
		if s.state == Started {
			t.Took = o.opts.Now().Sub(s.start)
		}
		list = append(list, t)
	}
	return list
}
