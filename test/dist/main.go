// Command dist makes a release in a directory: an archive per platform, their
// checksums, their SBOMs, and the manifest that krew installs from. The same
// commit and Go make the same bytes.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r := release{}
	platforms := flag.String("platforms", strings.Join(all(), " "), "`PLATFORMS` to build, like linux/amd64, separated by spaces")
	flag.StringVar(&r.Version, "version", "", "the release's `VERSION`, like v1.2.3")
	flag.StringVar(&r.LDFlags, "ldflags", "", "`FLAGS` of the linker")
	flag.StringVar(&r.Dir, "out", "dist", "`DIRECTORY` to make anew")
	flag.Parse()
	r.Platforms = strings.Fields(*platforms)
	if err := run(ctx, r); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// all are the platforms of a release.
func all() []string {
	return []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}
}

func run(ctx context.Context, r release) error {
	for _, platform := range r.Platforms {
		if !slices.Contains(all(), platform) {
			return fmt.Errorf("-platforms: %q is none of %s", platform, strings.Join(all(), ", "))
		}
	}
	var err error
	if r.When, err = commitTime(ctx); err != nil {
		return err
	}
	made, err := r.make(ctx)
	for _, file := range made {
		fmt.Println(filepath.Join(r.Dir, file))
	}
	return err
}

// commitTime is the time that every file of an archive gets: SOURCE_DATE_EPOCH
// (reproducible-builds.org), else that of the newest commit.
func commitTime(ctx context.Context) (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		out, err := exec.CommandContext(ctx, "git", "log", "-1", "--format=%ct").Output()
		if err != nil {
			return time.Time{}, fmt.Errorf("ask git for the commit's time (or set SOURCE_DATE_EPOCH): %w", err)
		}
		text = string(out)
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
