//go:build !unix

package controlplane

import "os"

// Nothing holds a process here: a signal is refused, and it goes on.
var hold, proceed = os.Interrupt, os.Interrupt
