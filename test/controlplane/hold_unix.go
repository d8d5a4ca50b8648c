//go:build unix

package controlplane

import "syscall"

// What a process is held with, and let go on.
const (
	hold    = syscall.SIGSTOP
	proceed = syscall.SIGCONT
)
