// Command addonbench measures what the addon manager asks of a cluster, next to
// Flux's server-side-apply library and to plain server-side apply of every object,
// in the same run against the same kube-apiserver and etcd. `make bench-addons` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type options struct {
	root   string
	binary string
	sizes  []int
	story  int
	rounds int
	broken int
	drifts int
	idle   time.Duration
	passes int
	output string
	strict bool
}

func main() {
	// make's Ctrl-C reaches the whole group; everything that runs ends in defers.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) > 2 && os.Args[1] == "peer" {
		err = servePeer(ctx, os.Args[2:])
	} else {
		err = bench(ctx, os.Args[1:])
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "turnup-addonbench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r := &run{options: o, samples: map[sampleKey][]float64{}, began: time.Now()}
	r.program = program{o.binary}
	if o.binary == "" {
		r.say("building the addon manager")
		if r.program, err = buildManager(ctx, o.root, dir); err != nil {
			return err
		}
	}
	for _, size := range o.sizes {
		// What was measured before an error is worth printing.
		if err = r.size(ctx, size); err != nil {
			err = fmt.Errorf("%d objects: %w", size, err)
			break
		}
	}
	rows := r.rows()
	if o.output == "json" {
		err = errors.Join(err, printJSON(os.Stdout, r, rows))
	} else {
		err = errors.Join(err, printTable(os.Stdout, r, rows))
	}
	if err == nil && o.strict && missed(rows) > 0 {
		err = fmt.Errorf("%d goals are missed", missed(rows))
	}
	return err
}

func parse(args []string) (options, error) {
	o := options{}
	var sizes string
	set := flag.NewFlagSet("addonbench", flag.ContinueOnError)
	set.StringVar(&o.root, "root", ".", "the checkout whose addon manager is measured")
	set.StringVar(&o.binary, "manager", "", "path of an addon manager that is built already, instead")
	set.StringVar(&sizes, "sizes", "8,200,1000,5000", "numbers of objects, in up to 125 addons; each gets a control plane of its own")
	set.IntVar(&o.story, "story", 1000, "the size at which drift, changes, idling and a broken addon are measured as well")
	set.IntVar(&o.rounds, "rounds", 3, "how often no-op passes and restarts are measured at the size of --story, the contestants in turn")
	set.IntVar(&o.broken, "broken", 6, "how often all addons change, each time without a broken addon and with one of two kinds")
	set.IntVar(&o.drifts, "drifts", 120, "how many changes by somebody else are to be undone")
	set.DurationVar(&o.idle, "idle", time.Minute, "how long nothing happens; the goal speaks of 10m")
	set.IntVar(&o.passes, "passes", 6, "how many no-op passes of the addon manager are one sample, one a second")
	set.StringVar(&o.output, "o", "", "json, or nothing for a table")
	set.BoolVar(&o.strict, "strict", false, "fail if a goal is missed")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	for text := range strings.SplitSeq(sizes, ",") {
		size, err := strconv.Atoi(text)
		if err != nil || size < 8 || size%addonsFor(size) != 0 {
			return o, fmt.Errorf("--sizes: %q is not a number of objects that makes addons of one size: 8, 200, 1000, 5000", text)
		}
		o.sizes = append(o.sizes, size)
	}
	if o.output != "" && o.output != "json" {
		return o, fmt.Errorf("-o %s: json is all there is", o.output)
	}
	if set.NArg() > 0 || o.rounds < 1 || o.broken < 1 || o.passes < 1 {
		return o, errors.New("no arguments are expected, and at least one round and one pass")
	}
	return o, nil
}
