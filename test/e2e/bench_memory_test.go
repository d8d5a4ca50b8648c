package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkMemory measures what the processes of a fresh cluster of one control plane
// and two workers take of this computer's memory, pages that several of them map
// counted once, with one copy of the images for all machines and with one for each.
func BenchmarkMemory(b *testing.B) {
	if _, err := os.ReadFile("/proc/self/smaps_rollup"); err != nil || os.Getuid() != 0 {
		b.Skipf("SKIPPED: only root on Linux can count shared pages: %v", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	turnup := newBenchTurnup(b)
	b.Cleanup(turnup.close)
	if _, err := turnup.warm(ctx); err != nil {
		b.Fatal(err)
	}
	for range b.N {
		for _, share := range []bool{true, false} {
			m, err := turnup.memory(ctx, share)
			if err != nil {
				b.Fatal(err)
			}
			name := map[bool]string{true: "shared-images", false: "own-images"}[share]
			fmt.Printf("\n%s: %d processes take %d MiB (anonymous %d MiB), after %.1f s of create\n",
				name, m.processes, m.pss>>10, m.anonymous>>10, m.create.Seconds())
			b.ReportMetric(float64(m.pss)/1024, name+"-MiB")
			b.ReportMetric(m.create.Seconds(), name+"-create-s")
		}
		b.ReportMetric(0, "ns/op")
	}
}

// benchMemory is what processes take, in KiB: pss is each one's own pages and its
// share of those it has in common with others (proc_pid_smaps(5)).
type benchMemory struct {
	processes, pss, anonymous int
	create                    time.Duration
}

// memory creates a cluster, counts and deletes it.
func (t *benchTurnup) memory(ctx context.Context, share bool) (benchMemory, error) {
	var sum benchMemory
	start := time.Now()
	err := t.plain(ctx, "create", benchTurnupName, "--bundle", t.bundle, "--set", "provision.local.subnet="+benchTurnupSubnet,
		"--set", "provision.local.share_images="+strconv.FormatBool(share))
	if err != nil {
		return sum, err
	}
	sum.create = time.Since(start)
	names, err := t.docker.machines(ctx, "dev.turnup.cluster="+benchTurnupName)
	if err != nil {
		return sum, err
	}
	for _, name := range names {
		top, err := t.docker.api.ContainerTop(ctx, name, []string{"-eo", "pid"})
		if err != nil {
			return sum, fmt.Errorf("list the processes of %s: %w", name, err)
		}
		for _, row := range top.Processes {
			if err := sum.add(strings.TrimSpace(row[0])); err != nil {
				return sum, err
			}
		}
	}
	return sum, t.delete(ctx)
}

// add counts one process; one that has ended takes nothing.
func (m *benchMemory) add(pid string) error {
	data, err := os.ReadFile(filepath.Join("/proc", pid, "smaps_rollup"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return nil
	}
	if err != nil {
		return err
	}
	m.processes++
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		kib, _ := strconv.Atoi(fields[1])
		switch fields[0] {
		case "Pss:":
			m.pss += kib
		case "Pss_Anon:":
			m.anonymous += kib
		}
	}
	return nil
}
