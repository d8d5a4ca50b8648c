package ui

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrDeclined is the answer no.
var ErrDeclined = errors.New("not confirmed, nothing was changed")

// Confirm asks a question that --yes answers in advance. It returns nil for
// yes. Where nobody can be asked, the answer is no.
func (o *Output) Confirm(ctx context.Context, question string) error {
	if o.opts.Yes {
		return nil
	}
	if !terminal(o.opts.Stdin) {
		return Hint(fmt.Errorf("nobody to ask %q: the input is not a terminal", question), "add --yes to go ahead")
	}
	return o.ask(ctx, question)
}

func (o *Output) ask(ctx context.Context, question string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, _ = fmt.Fprintf(o.w, "%s%s [y/N] ", o.screen.erase(), question)
	lines := make(chan string, 1)
	go func() { // a read cannot be interrupted, so it may outlive an interrupted verb
		line, _ := bufio.NewReader(o.opts.Stdin).ReadString('\n')
		lines <- line
	}()
	select {
	case <-ctx.Done():
		_, _ = fmt.Fprintln(o.w)
		return fmt.Errorf("%s: %w", question, ctx.Err())
	case line := <-lines:
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return nil
		}
		return ErrDeclined
	}
}
