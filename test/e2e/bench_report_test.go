package e2e

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"text/tabwriter"
	"time"
)

// benchRun is one cluster's turnup.
type benchRun struct {
	who   string
	total time.Duration
	steps []benchStep
	// client is the CPU time of the programs on this computer that drive the run.
	client   time.Duration
	machines []benchMachine
	// manager is the addon manager's resident memory; 0 where there is none.
	manager uint64
	// host is the CPU seconds this computer was busy with during the run, for
	// whomever, and busy its share of all there was.
	host, busy float64
}

// benchMachine is what one machine has used.
type benchMachine struct {
	name   string
	cpu    time.Duration
	memory uint64
}

// benchStep is a part of a run; parts may overlap.
type benchStep struct {
	name       string
	from, took time.Duration
}

// benchClock notes when the parts of a run begin and end.
type benchClock struct {
	mu    sync.Mutex
	start time.Time
	steps []benchStep
}

func (c *benchClock) step(name string, do func() error) error {
	from := time.Since(c.start)
	err := do()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.steps = append(c.steps, benchStep{name: name, from: from, took: time.Since(c.start) - from})
	return nil
}

const benchMiB = 1 << 20

func (r benchRun) seconds() float64    { return r.total.Seconds() }
func (r benchRun) managerMiB() float64 { return float64(r.manager) / benchMiB }
func (r benchRun) clientSeconds() float64 {
	return r.client.Seconds()
}
func (r benchRun) hostSeconds() float64 { return r.host }

func (r benchRun) cpuSeconds() float64 {
	sum := 0.0
	for _, m := range r.machines {
		sum += m.cpu.Seconds()
	}
	return sum
}

func (r benchRun) memoryMiB() float64 {
	sum := 0.0
	for _, m := range r.machines {
		sum += float64(m.memory) / benchMiB
	}
	return sum
}

// print writes one run, with its parts in order.
func (r benchRun) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s: %.1f s; CPU: machines %.1f s, client %.1f s, this computer %.1f s (%.0f %% busy)",
		r.who, r.seconds(), r.cpuSeconds(), r.client.Seconds(), r.host, 100*r.busy)
	if r.manager > 0 {
		fmt.Fprintf(w, "; addon manager %.0f MiB", r.managerMiB())
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	steps := slices.Clone(r.steps)
	slices.SortStableFunc(steps, func(a, b benchStep) int { return int(a.from - b.from) })
	for _, s := range steps {
		fmt.Fprintf(table, "%.1f\t- %.1f\t%.1f s\t  %s\n", s.from.Seconds(), (s.from + s.took).Seconds(), s.took.Seconds(), s.name)
	}
	for _, m := range r.machines {
		fmt.Fprintf(table, "CPU\t%.1f s\t%.0f MiB\t  %s\n", m.cpu.Seconds(), float64(m.memory)/benchMiB, m.name)
	}
	_ = table.Flush()
}

// benchReport compares all rounds with those of a peer.
func benchReport(w io.Writer, as, bs []benchRun, peer string) {
	fmt.Fprintf(w, "\none control plane and two workers until DNS answers, beside %s, rounds: %d\n\n", peer, len(as))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tturnup\tkubeadm\tratio\tbest ratio\t")
	row := func(what, unit string, of func(benchRun) float64) {
		a, b := benchMedian(as, of), benchMedian(bs, of)
		fmt.Fprintf(table, "%s, median (min)\t%.1f (%.1f) %s\t%.1f (%.1f) %s\t%.2f\t%.2f\t\n", what,
			a, benchMin(as, of), unit, b, benchMin(bs, of), unit, a/b, benchMin(as, of)/benchMin(bs, of))
	}
	row("time", "s", benchRun.seconds)
	row("CPU of the machines", "s", benchRun.cpuSeconds)
	row("CPU of the client", "s", benchRun.clientSeconds)
	row("CPU of this computer", "s", benchRun.hostSeconds)
	row("memory of the machines", "MiB", benchRun.memoryMiB)
	_ = table.Flush()
	fmt.Fprintf(w, "\naddon manager's resident memory: %.1f MiB (median)\n", benchMedian(as, benchRun.managerMiB))
	for _, runs := range [][]benchRun{as, bs} {
		fmt.Fprintf(w, "\nwhere the time of %s goes (median, min; parts overlap)\n", runs[0].who)
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		for _, s := range runs[0].steps {
			of := func(r benchRun) float64 { return r.step(s.name).Seconds() }
			fmt.Fprintf(table, "%.1f s\t%.1f s\t  %s\n", benchMedian(runs, of), benchMin(runs, of), s.name)
		}
		_ = table.Flush()
	}
}

func (r benchRun) step(name string) time.Duration {
	for _, s := range r.steps {
		if s.name == name {
			return s.took
		}
	}
	return 0
}

func benchValues(runs []benchRun, of func(benchRun) float64) []float64 {
	var values []float64
	for _, run := range runs {
		values = append(values, of(run))
	}
	slices.Sort(values)
	return values
}

func benchMin(runs []benchRun, of func(benchRun) float64) float64 { return benchValues(runs, of)[0] }

func benchMedian(runs []benchRun, of func(benchRun) float64) float64 {
	values := benchValues(runs, of)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}
