// Command images builds every image of a cluster into a bundle: from Go modules,
// and from Debian packages where an image needs more than one program. It is for
// places without a registry, this project's own tests among them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"turnup.dev/kubectl-turnup/internal/images"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("images", flag.ContinueOnError)
	out := flags.String("out", "", "the bundle's directory (default .cache/bundle of the repository)")
	only := flags.String("only", "", "build only these components, comma-separated; the others stay as they are")
	binaries := flags.String("binaries", "", "build only these programs, comma-separated, into .cache/bin, and no images")
	release := flags.String("kubernetes", images.Newest(), "the minor release of Kubernetes, or oldest; of an older one only Kubernetes itself is built,\n"+
		"and the other images are those of .cache/bundle, which has to be there")
	merged := flags.String("merge", "", "build nothing: write the images that are published, from bundles of several architectures,\n"+
		"comma-separated, into one bundle")
	jobs := flags.Int("jobs", 2, "how many images to build at a time")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if *merged != "" {
		if *out == "" {
			return errors.New("-merge wants -out, the directory of the merged bundle")
		}
		return merge(*out, strings.Split(*merged, ","))
	}
	root, err := repository()
	if err != nil {
		return err
	}
	if *release == "oldest" {
		*release = images.Oldest()
	}
	if images.KubernetesVersion(*release) == "" {
		return fmt.Errorf("there is no Kubernetes %s; there are %s", *release, strings.Join(images.Minors(), ", "))
	}
	minor = *release
	cache := filepath.Join(root, ".cache")
	if minor != images.Newest() {
		return olderRelease(ctx, root, cache, *out, *jobs)
	}
	if *out == "" {
		*out = filepath.Join(cache, "bundle")
	}
	b := newBuilder(root, cache)
	if err := os.MkdirAll(b.compiler.bin, 0o755); err != nil {
		return err
	}
	if *binaries != "" {
		return b.programs(ctx, strings.Split(*binaries, ","))
	}
	list, err := choose(*only)
	if err != nil {
		return err
	}
	return b.bundle(ctx, list, *out, max(1, *jobs))
}

// olderRelease builds what an older Kubernetes has of its own into a cache of its
// own, and writes a bundle of it and of the other images of the newest.
func olderRelease(ctx context.Context, root, cache, out string, jobs int) error {
	own := filepath.Join(cache, "kubernetes", minor)
	if out == "" {
		out = filepath.Join(own, "bundle")
	}
	b := newBuilder(root, own)
	b.debian.cache = filepath.Join(cache, "roots")
	newest, err := images.Open(filepath.Join(cache, "bundle"))
	if err != nil {
		return fmt.Errorf("find the images that go with every release: %w; `make images` builds them", err)
	}
	list := recipes()
	for _, r := range list {
		if r.ofKubernetes() {
			continue
		}
		image, err := newest.Image(ref(r.Component))
		if err != nil {
			return fmt.Errorf("%w; `make images` builds it", err)
		}
		b.given = append(b.given, images.Entry{Ref: ref(r.Component), Image: image})
	}
	if err := os.MkdirAll(b.compiler.bin, 0o755); err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(r recipe) bool { return !r.ofKubernetes() })
	return b.bundle(ctx, list, out, max(1, jobs))
}

// repository finds the checkout this is run in.
func repository() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if exists(filepath.Join(dir, "test/images/modules/go.mod")) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("find the repository: %s is not inside a checkout of kubectl-turnup", start)
		}
	}
}

// choose returns the recipes of some components; of all when none is named.
func choose(only string) ([]recipe, error) {
	list := recipes()
	if only == "" {
		return list, nil
	}
	var chosen []recipe
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(list, func(r recipe) bool { return string(r.Component) == name })
		if i < 0 {
			var known []string
			for _, r := range list {
				known = append(known, string(r.Component))
			}
			return nil, fmt.Errorf("there is no component %q; there are %s", name, strings.Join(known, ", "))
		}
		chosen = append(chosen, list[i])
	}
	return chosen, nil
}

// programs builds programs alone.
func (b *builder) programs(ctx context.Context, names []string) error {
	for _, name := range names {
		start := time.Now()
		if _, err := b.compiler.build(ctx, name); err != nil {
			return fmt.Errorf("build %s: %w", name, err)
		}
		report(name, start, "")
	}
	return nil
}

// each calls do for every recipe, some at a time, and joins the errors.
func each(list []recipe, jobs int, do func(recipe) error) error {
	slots := make(chan struct{}, jobs)
	errs := make([]error, len(list))
	var all sync.WaitGroup
	for i, r := range list {
		all.Add(1)
		go func() {
			defer all.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := do(r); err != nil {
				errs[i] = fmt.Errorf("build image %s: %w", r.Component, err)
			}
		}()
	}
	all.Wait()
	return errors.Join(errs...)
}

func report(what string, start time.Time, detail string) {
	fmt.Fprintf(os.Stderr, "%-24s %7.1fs  %s\n", what, time.Since(start).Seconds(), detail)
}

// fluentdStandIn is no component of a cluster: it takes fluentd's place in the
// end-to-end test, since fluentd itself is Ruby and cannot be built here.
const (
	fluentdStandIn    images.Component = "fluentd-stand-in"
	fluentdStandInRef string           = "test.turnup.dev/fluentd-stand-in:v1"
)

// ref is a component's upstream reference.
func ref(c images.Component) string {
	if c == fluentdStandIn {
		return fluentdStandInRef
	}
	return images.For(minor, "").Ref(c)
}

// tag is the version that a component's reference names.
func tag(c images.Component) string {
	_, tag, _ := strings.Cut(ref(c), ":")
	return tag
}
