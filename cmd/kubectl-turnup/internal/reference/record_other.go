//go:build !unix

package main

import (
	"context"
	"errors"
)

var errNoTerminal = errors.New("pictures of terminals are made on Linux or macOS")

func recordCluster(context.Context) (create, watch recording, err error) {
	return recording{}, recording{}, errNoTerminal
}

func recordWizard(context.Context) (recording, error) { return recording{}, errNoTerminal }
