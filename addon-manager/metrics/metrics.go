// Package metrics is what the addon manager counts and measures, for Prometheus.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are one manager's. Their methods may be called from anywhere.
type Metrics struct {
	registry *prometheus.Registry

	pass, build              prometheus.Histogram
	applied, failed, pruned  prometheus.Counter
	built                    prometheus.Counter
	drift                    *prometheus.CounterVec
	ready, objects, drifting *prometheus.GaugeVec
	contested                prometheus.Gauge
	source                   *prometheus.GaugeVec
	lag, fetched             prometheus.Gauge
	fetchFailures            prometheus.Counter
	requests                 *prometheus.CounterVec
}

// New returns metrics in a registry of their own, with those of the Go runtime
// and of the process.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		// A pass that asks nobody takes microseconds, one that waits for webhooks seconds.
		pass: histogram("turnup_pass_duration_seconds", "Time of one pass over an addon.", prometheus.ExponentialBuckets(0.0001, 4, 10)),
		// An addon builds in milliseconds, a whole tree in a second or two.
		build:         histogram("turnup_build_duration_seconds", "Time to build what changed in a revision.", prometheus.ExponentialBuckets(0.001, 4, 8)),
		built:         counter("turnup_addons_built_total", "Addons built because something they are made of had changed."),
		applied:       counter("turnup_objects_applied_total", "Objects applied by server-side apply."),
		failed:        counter("turnup_objects_failed_total", "Applies that did not succeed."),
		pruned:        counter("turnup_objects_pruned_total", "Objects that left the tree and are gone."),
		drift:         counters("turnup_drift_corrections_total", "Objects repaired after somebody else changed or deleted them.", "addon"),
		ready:         gauges("turnup_addon_ready", "Whether an addon is as the tree has it, and healthy: 1 or 0.", "addon"),
		objects:       gauges("turnup_addon_objects", "Objects that an addon owns.", "addon"),
		drifting:      gauges("turnup_addon_drifting_objects", "Objects that differ from the tree, and are left so for now.", "addon"),
		contested:     gauge("turnup_contested_objects", "Objects that somebody else keeps changing."),
		source:        gauges("turnup_source_info", "The revision in force, as a label; the value is 1.", "revision"),
		lag:           gauge("turnup_source_lag_seconds", "Time from when the revision in force was committed or pushed until the manager had it."),
		fetched:       gauge("turnup_source_last_success_timestamp_seconds", "When the source was last read with success, in Unix time."),
		fetchFailures: counter("turnup_source_failures_total", "Looks at the source that did not succeed."),
		requests:      counters("turnup_api_requests_total", "Requests to the API server, by HTTP verb and status code; <error> for no answer.", "verb", "code"),
	}
	m.registry.MustRegister(
		m.pass, m.build, m.built, m.applied, m.failed, m.pruned, m.drift, m.ready, m.objects, m.drifting, m.contested,
		m.source, m.lag, m.fetched, m.fetchFailures, m.requests,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{DisableCompression: true})
}

// Passed records one pass over an addon.
func (m *Metrics) Passed(took time.Duration) { m.pass.Observe(took.Seconds()) }

// Built records the build of a revision, and how many addons of it had changed.
func (m *Metrics) Built(took time.Duration, addons int) {
	m.build.Observe(took.Seconds())
	m.built.Add(float64(addons))
}

// Applied counts an object that was applied.
func (m *Metrics) Applied() { m.applied.Inc() }

// Failed counts an apply that did not succeed.
func (m *Metrics) Failed() { m.failed.Inc() }

// Pruned counts an object that is gone.
func (m *Metrics) Pruned() { m.pruned.Inc() }

// Repaired counts an object of an addon that had drifted.
func (m *Metrics) Repaired(addon string) { m.drift.WithLabelValues(addon).Inc() }

// Addon sets what an addon is like.
func (m *Metrics) Addon(addon string, ready bool, objects, drifting int) {
	value := 0.0
	if ready {
		value = 1
	}
	m.ready.WithLabelValues(addon).Set(value)
	m.objects.WithLabelValues(addon).Set(float64(objects))
	m.drifting.WithLabelValues(addon).Set(float64(drifting))
}

// Forget drops an addon that is gone.
func (m *Metrics) Forget(addon string) {
	for _, vector := range []*prometheus.GaugeVec{m.ready, m.objects, m.drifting} {
		vector.DeleteLabelValues(addon)
	}
	m.drift.DeleteLabelValues(addon)
}

// Contested sets how many objects somebody else keeps changing.
func (m *Metrics) Contested(objects int) { m.contested.Set(float64(objects)) }

// InForce sets the revision in force, and how old it was when the manager had it;
// a zero time is one that nobody knows.
func (m *Metrics) InForce(revision string, made time.Time) {
	m.source.Reset()
	m.source.WithLabelValues(revision).Set(1)
	if !made.IsZero() {
		m.lag.Set(max(time.Since(made).Seconds(), 0))
	}
}

// Fetched records a look at the source.
func (m *Metrics) Fetched(err error) {
	if err != nil {
		m.fetchFailures.Inc()
		return
	}
	m.fetched.SetToCurrentTime()
}

// DroppedEvents serves a count of lost events that is kept elsewhere.
func (m *Metrics) DroppedEvents(count func() int64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "turnup_events_dropped_total", Help: "Kubernetes events that could not be written.",
	}, func() float64 { return float64(count()) }))
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
}

func gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
}
