// kubectl-turnup turns up Kubernetes clusters and keeps their addons true. It
// runs as `kubectl turnup` when it is on the PATH.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/klog/v2"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cli"
)

// Set by the linker.
var (
	version = "v0.1.0-dev"
	commit  = "unknown"
)

func main() {
	// What client-go logs on its own is no sentence of ours.
	klog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the work in order; a second one ends the program at once.
	context.AfterFunc(ctx, stop)
	streams := cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	os.Exit(cli.Run(ctx, streams, os.Args, cli.Build{Version: version, Commit: commit}))
}
