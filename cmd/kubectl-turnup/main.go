// kubectl-turnup turns up Kubernetes clusters and keeps their addons true. It
// runs as `kubectl turnup` when it is on the PATH.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	_ "k8s.io/client-go/plugin/pkg/client/auth"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cli"
)

// Set by the linker.
var (
	version = "v0.1.0-dev"
	commit  = "unknown"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the work in order; a second one ends the program at once.
	context.AfterFunc(ctx, stop)
	streams := cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	os.Exit(cli.Run(ctx, streams, os.Args, cli.Build{Version: version, Commit: commit}))
}
