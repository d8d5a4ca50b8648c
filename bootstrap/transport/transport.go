// Package transport carries bootstrap to a machine: it runs a shell script
// there, as root.
package transport

import (
	"context"
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

// Open connects to a machine by the transport its entry names.
func Open(m machines.Machine) (Transport, error) {
	if m.Transport.Docker != nil {
		return openDocker(m.Name, m.Transport.Docker.Container)
	}
	return nil, fmt.Errorf("machine %s: its transport is none this version knows (docker)", m.Name)
}
