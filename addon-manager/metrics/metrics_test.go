package metrics_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"turnup.dev/kubectl-turnup/addon-manager/metrics"
	"turnup.dev/kubectl-turnup/test/controlplane"
)

// filled has every metric at least once.
func filled() *metrics.Metrics {
	m := metrics.New()
	m.Passed(time.Millisecond)
	m.Built(time.Second, 2)
	m.Applied()
	m.Failed()
	m.Pruned()
	m.Repaired("coredns")
	m.Addon("coredns", true, 7, 1)
	m.Addon("flannel", false, 5, 0)
	m.Contested(2)
	m.InForce("abc", time.Now().Add(-3*time.Second))
	m.InForce("def", time.Now().Add(-3*time.Second))
	m.Fetched(nil)
	m.Fetched(errors.New("no route to host"))
	m.DroppedEvents(func() int64 { return 4 })
	return m
}

// scrape is what Prometheus gets.
func scrape(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	data, err := io.ReadAll(answer.Result().Body)
	if err != nil || answer.Code != 200 {
		t.Fatalf("%d %v", answer.Code, err)
	}
	return string(data)
}

func TestTheMetricsKeepPrometheusConventions(t *testing.T) {
	problems, err := promlint.New(strings.NewReader(scrape(t, filled()))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
}

func TestTheMetricsSayWhatHappened(t *testing.T) {
	m := filled()
	text := scrape(t, m)
	for _, want := range []string{
		"turnup_pass_duration_seconds_count 1", "turnup_build_duration_seconds_sum 1", "turnup_objects_applied_total 1",
		"turnup_objects_failed_total 1", "turnup_objects_pruned_total 1", `turnup_drift_corrections_total{addon="coredns"} 1`,
		`turnup_addon_ready{addon="coredns"} 1`, `turnup_addon_ready{addon="flannel"} 0`, `turnup_addon_objects{addon="coredns"} 7`,
		`turnup_addon_drifting_objects{addon="coredns"} 1`, "turnup_contested_objects 2", `turnup_source_info{revision="def"} 1`,
		"turnup_source_lag_seconds 3", "turnup_source_last_success_timestamp_seconds 1", "turnup_source_failures_total 1",
		"turnup_events_dropped_total 4", "go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("there is no %s", want)
		}
	}
	if strings.Contains(text, `revision="abc"`) {
		t.Error("two revisions are in force")
	}
	m.Forget("coredns")
	if strings.Contains(scrape(t, m), "coredns") {
		t.Error("an addon that is gone is not forgotten")
	}
}

func TestRealRequestsAreCounted(t *testing.T) {
	cluster := controlplane.Start(t, controlplane.Options{})
	m := metrics.New()
	m.CountRequests()
	client := typedcore.NewForConfigOrDie(cluster.Config).ConfigMaps("default")
	for range 3 {
		if _, err := client.Get(t.Context(), "kube-root-ca.crt", metav1.GetOptions{}); err == nil {
			t.Fatal("there is one without a controller manager")
		}
	}
	if _, err := client.List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	watch, err := client.Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	watch.Stop()
	text := scrape(t, m)
	for _, want := range []string{`turnup_api_requests_total{code="404",verb="GET"} 3`, `turnup_api_requests_total{code="200",verb="GET"} 2`} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
}
