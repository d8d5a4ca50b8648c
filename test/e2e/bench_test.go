package e2e

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/internal/images"
)

// benchNodes is the size of the clusters: the first machine is the control plane.
const benchNodes = 3

// BenchmarkCreate measures `kubectl turnup create` of one control plane and two
// workers, from the start of the process until it returns (every node ready,
// every addon healthy, DNS answering), next to kubeadm on the same machine
// image, with the same addons: once on the same image store, which kubeadm does
// not have by itself, and once importing the same images.
//
// A computer's speed drifts, so the three take turns, and a round is one of each.
// TURNUP_BENCH_ROUNDS says how many; TURNUP_BENCH_LOGS names a directory that
// gets every machine's journal and the clusters' events.
func BenchmarkCreate(b *testing.B) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	rounds := benchRounds(b)
	turnup := newBenchTurnup(b)
	b.Cleanup(turnup.close)
	// Images and store are there before the clock runs, for both.
	inputs, err := turnup.warm(ctx)
	if err != nil {
		b.Fatal(err)
	}
	manifests, err := turnup.manifests(ctx, benchKubeadmSubnet)
	if err != nil {
		b.Fatal(err)
	}
	kubeadm := newBenchKubeadm(b, inputs, manifests)
	b.Cleanup(kubeadm.close)

	importing := newBenchKubeadm(b, inputs, manifests)
	b.Cleanup(importing.close)
	if importing.bundle, err = images.Open(turnup.bundle); err != nil {
		b.Fatal(err)
	}

	var as, bs, cs []benchRun
	for range b.N {
		for round := range rounds {
			fmt.Printf("\nround %d of %d\n", round+1, rounds)
			for _, side := range []struct {
				run  func(context.Context, string) (benchRun, error)
				list *[]benchRun
			}{{turnup.run, &as}, {kubeadm.run, &bs}, {importing.run, &cs}} {
				run, err := side.run(ctx, benchLogs(b, round+1))
				if err != nil {
					b.Fatal(err)
				}
				*side.list = append(*side.list, run)
				run.print(os.Stdout)
			}
		}
	}
	benchReport(os.Stdout, as, bs, "kubeadm on turnup's image store")
	benchReport(os.Stdout, as, cs, "kubeadm that imports its images")
	benchMetrics(b, as, bs)
	b.ReportMetric(benchMedian(as, benchRun.seconds)/benchMedian(cs, benchRun.seconds), "turnup/kubeadm-importing")
}

// benchMetrics is the outcome for programs that read benchmark results.
func benchMetrics(b *testing.B, as, bs []benchRun) {
	b.ReportMetric(0, "ns/op") // of a whole run, which says nothing
	b.ReportMetric(benchMedian(as, benchRun.seconds), "turnup-s")
	b.ReportMetric(benchMedian(bs, benchRun.seconds), "kubeadm-s")
	b.ReportMetric(benchMedian(as, benchRun.seconds)/benchMedian(bs, benchRun.seconds), "turnup/kubeadm")
	b.ReportMetric(benchMedian(as, benchRun.cpuSeconds), "turnup-cpu-s")
	b.ReportMetric(benchMedian(bs, benchRun.cpuSeconds), "kubeadm-cpu-s")
	b.ReportMetric(benchMedian(as, benchRun.managerMiB), "manager-RSS-MiB")
}

func benchRounds(b *testing.B) int {
	text := os.Getenv("TURNUP_BENCH_ROUNDS")
	if text == "" {
		return 3
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("TURNUP_BENCH_ROUNDS=%q: want a number from 1", text)
	}
	return n
}

// benchLogs is where a round leaves its journals, "" for nowhere.
func benchLogs(b *testing.B, round int) string {
	dir := os.Getenv("TURNUP_BENCH_LOGS")
	if dir == "" {
		return ""
	}
	dir = filepath.Join(dir, fmt.Sprintf("round-%d", round))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	return dir
}

// benchEnv is a setting that make bench gives.
func benchEnv(b *testing.B, name string) string {
	value := os.Getenv(name)
	if value == "" {
		b.Fatalf("%s is not set: run `make bench`", name)
	}
	path, err := filepath.Abs(value)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		b.Fatalf("%s: %v: run `make bench`", name, err)
	}
	return path
}

// benchAwait polls until ready says yes; its error is what is said if it never does. The budget is for a cluster on a slow,
// busy computer; within it nothing is lost by asking often.
func benchAwait(ctx context.Context, what string, ready func(context.Context) (bool, error)) error {
	const budget = 3 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	for {
		ok, err := ready(ctx)
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: not there within %s: %w (last: %v)", what, budget, ctx.Err(), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
