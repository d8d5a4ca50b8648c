package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkHosts measures how long the bootstrap of five hosts takes next to that of
// one: from the start of the first `bootstrap NAME` until the last has ended. The
// sizes take turns.
func BenchmarkHosts(b *testing.B) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	turnup := newBenchTurnup(b)
	b.Cleanup(turnup.close)
	if _, err := turnup.warm(ctx); err != nil {
		b.Fatal(err)
	}
	var one, five []benchRun
	for range b.N {
		for range benchRounds(b) {
			for _, side := range []struct {
				hosts int
				list  *[]benchRun
			}{{1, &one}, {5, &five}} {
				run, err := turnup.bootstrap(ctx, side.hosts)
				if err != nil {
					b.Fatal(err)
				}
				*side.list = append(*side.list, run)
			}
		}
	}
	a, z := benchMedian(one, benchRun.seconds), benchMedian(five, benchRun.seconds)
	fmt.Printf("\nbootstrap of hosts side by side, rounds: %d, median (min)\n  1 host   %.2f (%.2f) s\n  5 hosts  %.2f (%.2f) s, %.2f times as long\n",
		len(one), a, benchMin(one, benchRun.seconds), z, benchMin(five, benchRun.seconds), z/a)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(a, "1-host-s")
	b.ReportMetric(z, "5-hosts-s")
	b.ReportMetric(z/a, "5/1")
}

// bootstrap makes machines, times their bootstrap, and deletes them.
func (t *benchTurnup) bootstrap(ctx context.Context, hosts int) (benchRun, error) {
	run := benchRun{who: fmt.Sprint(hosts, " hosts")}
	config := []string{"--bundle", t.bundle, "--set", "provision.local.subnet=" + benchTurnupSubnet, "--set", "provision.workers=" + strconv.Itoa(hosts-1)}
	if err := t.plain(ctx, append([]string{"provision", benchTurnupName}, config...)...); err != nil {
		return run, err
	}
	cmd := t.command(ctx, append([]string{"bootstrap", benchTurnupName, "--progress", "json"}, config...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return run, fmt.Errorf("kubectl turnup bootstrap: %w: %s", err, said.String())
	}
	run.steps = benchSteps(said.Bytes(), start)
	var from, to time.Duration
	found := 0
	for _, s := range run.steps {
		if !strings.HasPrefix(strings.TrimSpace(s.name), "bootstrap "+benchTurnupName+"-") {
			continue
		}
		if found == 0 || s.from < from {
			from = s.from
		}
		to = max(to, s.from+s.took)
		found++
	}
	if found != hosts {
		return run, fmt.Errorf("%d hosts were bootstrapped, want %d: %s", found, hosts, said.String())
	}
	run.total = to - from
	return run, t.delete(ctx)
}
