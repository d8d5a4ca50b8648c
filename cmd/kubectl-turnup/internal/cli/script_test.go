package cli

import (
	"context"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"turnup.dev/kubectl-turnup/internal/golden"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"turnup": func() {
			streams := Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
			os.Exit(Run(context.Background(), streams, append([]string{"kubectl-turnup"}, os.Args[1:]...), Build{Version: "v1", Commit: "c"}))
		},
	})
}

// The scripts are what a person would type, and what he would read.
func TestScripts(t *testing.T) {
	if golden.Updating() {
		defer t.Error("the scripts are rewritten; read the diff, then run again without -update")
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: golden.Updating(), RequireExplicitExec: true, RequireUniqueNames: true,
	})
}
