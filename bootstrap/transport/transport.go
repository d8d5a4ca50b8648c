// Package transport carries bootstrap to machines: it runs shell scripts there,
// as root, by Docker's exec or by SSH.
package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Transport runs scripts on one machine. It belongs to a Pool, which closes it.
type Transport interface {
	// Run runs a POSIX shell script as root with stdin, and returns what it
	// wrote to stdout. A script that exits non-zero gives an *ExitError.
	//
	// Secrets belong on stdin: the script itself can be seen in the machine's
	// list of processes, and its first line, which may be a comment that names
	// it, in the machine's log.
	Run(ctx context.Context, script string, stdin io.Reader) (string, error)
}

// ExitError is a script that ran and failed.
type ExitError struct {
	Machine string
	Code    int
	Stderr  string // the last of what it said
}

func (e *ExitError) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("a command on %s exited with %d", e.Machine, e.Code)
	}
	return fmt.Sprintf("a command on %s exited with %d: %s", e.Machine, e.Code, e.Stderr)
}

// gone is an error of a machine that is not there, nor will be by waiting.
type gone struct{ error }

func (g gone) Unwrap() error { return g.error }

// IsGone tells whether an error means that trying again is no use: there is no
// such machine, or it does not let us in.
func IsGone(err error) bool {
	var g gone
	return errors.As(err, &g)
}

// tail keeps the last bytes written to it.
type tail struct {
	data  []byte
	limit int
}

func (t *tail) Write(p []byte) (int, error) {
	t.data = append(t.data, p...)
	if over := len(t.data) - t.limit; over > 0 {
		t.data = t.data[over:]
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.data)) }
