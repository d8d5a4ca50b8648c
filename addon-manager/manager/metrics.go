package manager

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Metrics are the manager's counters, in the text format that Prometheus reads.
type Metrics struct {
	Applied, Failed, Drift, Pruned atomic.Int64
	BuildSeconds, PassSeconds      Duration

	mu     sync.Mutex
	addons map[string]gauge
}

type gauge struct {
	ready   bool
	objects int
}

// Duration sums up how long something took.
type Duration struct{ count, nanos atomic.Int64 }

// Observe adds one.
func (d *Duration) Observe(took time.Duration) {
	d.count.Add(1)
	d.nanos.Add(int64(took))
}

func (m *Metrics) report(addon string, ready bool, objects int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.addons == nil {
		m.addons = map[string]gauge{}
	}
	m.addons[addon] = gauge{ready, objects}
}

func (m *Metrics) forget(addon string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.addons, addon)
}

// Write writes all metrics.
func (m *Metrics) Write(w io.Writer) {
	counter := func(name, help string, value int64) {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s counter\n%s %d\n", name, help, name, name, value)
	}
	counter("turnup_objects_applied_total", "Objects applied by server-side apply.", m.Applied.Load())
	counter("turnup_objects_failed_total", "Applies that the API server refused.", m.Failed.Load())
	counter("turnup_drift_undone_total", "Objects repaired after somebody else changed or deleted them.", m.Drift.Load())
	counter("turnup_objects_pruned_total", "Objects that left the tree and are gone.", m.Pruned.Load())
	summary := func(name, help string, d *Duration) {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s summary\n%s_count %d\n%s_sum %g\n", name, help, name,
			name, d.count.Load(), name, time.Duration(d.nanos.Load()).Seconds())
	}
	summary("turnup_build_seconds", "Time to build a revision of the tree.", &m.BuildSeconds)
	summary("turnup_pass_seconds", "Time of one pass over an addon.", &m.PassSeconds)
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprint(w, "# HELP turnup_addon_ready Whether an addon is applied and healthy.\n# TYPE turnup_addon_ready gauge\n")
	for _, name := range slices.Sorted(maps.Keys(m.addons)) {
		value := 0
		if m.addons[name].ready {
			value = 1
		}
		fmt.Fprintf(w, "turnup_addon_ready{addon=%q} %d\n", name, value)
	}
	fmt.Fprint(w, "# HELP turnup_addon_objects Objects that an addon owns.\n# TYPE turnup_addon_objects gauge\n")
	for _, name := range slices.Sorted(maps.Keys(m.addons)) {
		fmt.Fprintf(w, "turnup_addon_objects{addon=%q} %d\n", name, m.addons[name].objects)
	}
}
