// Package transport carries bootstrap to a machine: it runs a shell script
// there, as root.
package transport

import (
	"context"
	"errors"
	"fmt"
	"io"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// Transport runs scripts on one machine.
type Transport interface {
	// Run runs a POSIX shell script as root with stdin, and returns what it
	// wrote to stdout. A script that exits non-zero gives an *ExitError.
	Run(ctx context.Context, script string, stdin io.Reader) (string, error)
	Close() error
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
// such machine, or no way to ask for it.
func IsGone(err error) bool {
	var g gone
	return errors.As(err, &g)
}

// Open connects to a machine by the transport its entry names.
func Open(m machines.Machine) (Transport, error) {
	if m.Transport.Docker != nil {
		return openDocker(m.Name, m.Transport.Docker.Container)
	}
	return nil, fmt.Errorf("machine %s: its transport is none this version knows (docker)", m.Name)
}
