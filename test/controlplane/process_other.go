//go:build !linux

package controlplane

import "syscall"

// dieWithParent is for Linux: elsewhere a killed test leaves its servers behind.
func dieWithParent() *syscall.SysProcAttr { return nil }
