package ui

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// ErrDeclined is the answer no.
var ErrDeclined = errors.New("not confirmed, nothing was changed")

// Confirm asks a question that --yes answers in advance. It returns nil for
// yes. Where nobody can be asked, the answer is no.
func (o *Output) Confirm(ctx context.Context, question string) error {
	if o.opts.Yes {
		return nil
	}
	if !o.Interactive() {
		return Hint(fmt.Errorf("nobody to ask %q: the input is not a terminal", question), "add --yes to go ahead")
	}
	return o.Ask(ctx, question)
}

// Interactive tells whether there is somebody who can be asked.
func (o *Output) Interactive() bool { return Terminal(o.opts.Stdin) }

// Ask asks a question that --yes does not answer; it returns nil for yes.
func (o *Output) Ask(ctx context.Context, question string) error {
	line, err := o.prompt(ctx, question+" [y/N] ", func() (string, error) {
		return bufio.NewReader(o.opts.Stdin).ReadString('\n')
	})
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return nil
	}
	return ErrDeclined
}

// Secret asks for a password or the like, which the terminal does not show.
func (o *Output) Secret(ctx context.Context, question string) (string, error) {
	file, ok := o.opts.Stdin.(*os.File)
	if !ok {
		return "", fmt.Errorf("nobody to ask %q: the input is not a terminal", question)
	}
	// An interrupted question must not leave the terminal without its echo.
	before, err := term.GetState(int(file.Fd()))
	if err != nil {
		return "", fmt.Errorf("ask %q: %w", question, err)
	}
	secret, err := o.prompt(ctx, question+": ", func() (string, error) {
		secret, err := term.ReadPassword(int(file.Fd()))
		return string(secret), err
	})
	_, _ = fmt.Fprintln(o.w) // the one the user typed was not shown
	if ctx.Err() != nil {
		_ = term.Restore(int(file.Fd()), before) // there is nothing left to do about a terminal that is gone
	}
	return secret, err
}

// prompt shows a question and reads the answer.
func (o *Output) prompt(ctx context.Context, question string, read func() (string, error)) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, _ = fmt.Fprint(o.w, o.screen.erase()+question)
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() { // a read cannot be interrupted, so it may outlive an interrupted verb
		text, err := read()
		answers <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		_, _ = fmt.Fprintln(o.w)
		return "", fmt.Errorf("%s: %w", strings.TrimSpace(question), ctx.Err())
	case a := <-answers:
		if a.err != nil && a.text == "" && !errors.Is(a.err, io.EOF) {
			return "", fmt.Errorf("%s: %w", strings.TrimSpace(question), a.err)
		}
		return a.text, nil
	}
}
