// Package wait waits for something with a budget, and says what it waited for.
package wait

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Options say what is waited for and how long.
type Options struct {
	// What reads well behind "waiting for".
	What string
	// Budget is the longest wait; 0 looks once.
	Budget time.Duration
	// Every is the pause between two looks; 0 is 200 ms.
	Every time.Duration
	// Slowest, if it is more than Every, is what the pause doubles up to: for
	// looks that are a burden to others.
	Slowest time.Duration
	// See, if there is one, hears what each look saw.
	See func(state string)
}

// Probe looks once. An error is what it saw, not the end of the wait: the
// next look may be better. Wrap it in Stop if it cannot be.
type Probe func(ctx context.Context) (done bool, state string, err error)

// Error is a wait that ended without success: errors.Is context.DeadlineExceeded
// when its budget was used up, context.Canceled when it was interrupted.
type Error struct {
	What   string
	Budget time.Duration
	// Waited is how long it really took.
	Waited time.Duration
	// State and Last are what the last look that ended in time saw.
	State string
	Last  error
	cause error
}

func (e *Error) Error() string {
	text := fmt.Sprintf("interrupted after %s of waiting for %s", e.Waited.Round(100*time.Millisecond), e.What)
	if errors.Is(e.cause, context.DeadlineExceeded) {
		text = fmt.Sprintf("timed out after %s waiting for %s", min(e.Budget, e.Waited.Round(100*time.Millisecond)), e.What)
	}
	if seen := e.seen(); seen != "" {
		text += ": last seen: " + seen
	}
	return text
}

func (e *Error) seen() string {
	var parts []string
	if e.State != "" {
		parts = append(parts, e.State)
	}
	if e.Last != nil {
		parts = append(parts, e.Last.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns why the wait ended and what it last saw.
func (e *Error) Unwrap() []error {
	// A look has time limits of its own; they are not the end of this wait.
	if e.Last == nil || isContext(e.Last) {
		return []error{e.cause}
	}
	return []error{e.cause, e.Last}
}

type stop struct{ error }

func (s stop) Unwrap() error { return s.error }

// Stop marks an error that no further look will cure.
func Stop(err error) error { return stop{err} }

// For looks until the probe is done. The first look is at once.
func For(ctx context.Context, opts Options, probe Probe) error {
	every := opts.Every
	if every <= 0 {
		every = 200 * time.Millisecond
	}
	start := time.Now()
	failed := &Error{What: opts.What, Budget: opts.Budget}
	limited, cancel := context.WithTimeout(ctx, opts.Budget)
	defer cancel()
	if opts.Budget <= 0 {
		// Looking once still needs a context that is alive.
		limited = ctx
	}
	for {
		done, state, err := probe(limited)
		var final stop
		switch {
		case err == nil && done:
			return nil
		case errors.As(err, &final):
			return fmt.Errorf("wait for %s: %w", opts.What, final.error)
		// A look that the budget cut short saw nothing new.
		case limited.Err() == nil || failed.seen() == "" && !isContext(err):
			failed.State, failed.Last = state, err
			if opts.See != nil {
				opts.See(failed.seen())
			}
		}
		if opts.Budget <= 0 && ctx.Err() == nil {
			failed.cause = context.DeadlineExceeded
			return failed
		}
		select {
		case <-limited.Done():
			failed.Waited = time.Since(start)
			failed.cause = limited.Err()
			return failed
		case <-time.After(every):
			every = max(every, min(2*every, opts.Slowest))
		}
	}
}

func isContext(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
