// generate writes what is made from the Kconfig files: Kconfig.md and the
// schema of the config. With -check it only says whether they are up to date.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"turnup.dev/kubectl-turnup/internal/config"
)

func main() {
	check := flag.Bool("check", false, "write nothing; fail if a file is out of date")
	flag.Parse()
	schema, err := config.GenerateSchema()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stale := false
	for _, file := range []struct {
		path string
		data []byte
	}{
		{"Kconfig.md", config.Reference()},
		{"internal/config/schema.json", schema},
	} {
		old, err := os.ReadFile(file.path)
		switch {
		case err == nil && bytes.Equal(old, file.data):
		case *check:
			fmt.Printf("%s is out of date: run make generate\n", file.path)
			stale = true
		default:
			if err := os.WriteFile(file.path, file.data, 0o644); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}
	if stale {
		os.Exit(1)
	}
}
