package metrics

import (
	"context"

	clientmetrics "k8s.io/client-go/tools/metrics"
)

// CountRequests makes client-go count every request of this process here. Client-go
// takes the first who asks, and for good: it is for main, before any client is made.
func (m *Metrics) CountRequests() {
	clientmetrics.Register(clientmetrics.RegisterOpts{RequestResult: requests{m}})
}

// requests is client-go's view of the metrics.
type requests struct{ m *Metrics }

// Increment counts one answer.
func (r requests) Increment(_ context.Context, code, method, _ string) {
	r.m.requests.WithLabelValues(method, code).Inc()
}
