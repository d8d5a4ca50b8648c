//go:build !unix

package main

import (
	"context"
	"errors"
)

var errNoTerminal = errors.New("pictures of terminals are made on Linux or macOS")

func recordCreate(context.Context) (recording, error) { return recording{}, errNoTerminal }
func recordWizard(context.Context) (recording, error) { return recording{}, errNoTerminal }
