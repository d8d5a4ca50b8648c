// reference writes the pages of every command, Markdown and man, from the
// commands themselves, and the pictures of clusters and terminals that other pages
// show. With -check it only says whether they are up to date, with -record it
// first makes a real cluster (with bin/ and .cache/bundle) to record it.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cli"
)

// docs is where the pages lie, seen from the root of the repository.
const docs = "cmd/kubectl-turnup/docs"

func main() {
	if os.Getenv(asPlugin) != "" {
		streams := cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
		os.Exit(cli.Run(context.Background(), streams, os.Args, cli.Build{}))
	}
	check := flag.Bool("check", false, "write nothing; fail if a page is out of date")
	again := flag.Bool("record", false, "record a cluster anew: create, and status --watch")
	flag.Parse()
	if *again {
		if err := recordCasts(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	stale, err := run(*check)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, path := range stale {
		fmt.Printf("%s is out of date: run make docs\n", path)
	}
	if len(stale) > 0 {
		os.Exit(1)
	}
}

// run brings both directories up to date, or says which files are not.
func run(check bool) (stale []string, err error) {
	root := cli.Command()
	for _, kind := range []struct {
		dir   string
		pages func() (map[string][]byte, error)
	}{
		{filepath.Join(docs, "reference"), func() (map[string][]byte, error) { return markdownPages(root) }},
		{filepath.Join(docs, "man"), func() (map[string][]byte, error) { return manPages(root) }},
		{filepath.Join(docs, "pictures"), pictures},
	} {
		pages, err := kind.pages()
		if err != nil {
			return nil, err
		}
		differs, err := compare(kind.dir, pages)
		if err != nil {
			return nil, err
		}
		stale = append(stale, differs...)
		if !check {
			if err := write(kind.dir, pages, differs); err != nil {
				return nil, err
			}
		}
	}
	if !check {
		stale = nil
	}
	return stale, nil
}

// compare lists the files of a directory that are missing, different, or not
// among the pages.
func compare(dir string, pages map[string][]byte) ([]string, error) {
	var differs []string
	for name, page := range pages {
		old, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err != nil || !bytes.Equal(old, page) {
			differs = append(differs, filepath.Join(dir, name))
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range entries {
		if _, ok := pages[entry.Name()]; !ok {
			differs = append(differs, filepath.Join(dir, entry.Name()))
		}
	}
	slices.Sort(differs)
	return differs, nil
}

// write writes the files that differ, and removes those of verbs that are gone.
func write(dir string, pages map[string][]byte, differs []string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, path := range differs {
		page, ok := pages[filepath.Base(path)]
		if !ok {
			if err := os.Remove(path); err != nil {
				return err
			}
			continue
		}
		if err := os.WriteFile(path, page, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// trimmed has no blanks at the ends of lines, and one newline at the end.
func trimmed(page string) []byte {
	lines := strings.Split(page, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
	}
	return []byte(strings.TrimSpace(strings.Join(lines, "\n")) + "\n")
}
