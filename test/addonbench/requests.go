package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// request is what requests are counted by.
type request struct {
	// verb is the API server's word: GET, LIST, WATCH, POST, PUT, PATCH, APPLY, DELETE …
	verb, resource string
	// dry: it wrote nothing, but asked what a write would do.
	dry bool
}

// counts are requests, or watches that are open, since the API server started.
type counts map[request]int

// snapshot is what the API server has been asked so far.
type snapshot struct {
	done counts
	// open are the watches that are going on; they are counted as done when they end.
	open counts
	// own are the benchmark's own requests among the first.
	own counts
	// flows are the contestants' requests, by FlowSchema.
	flows map[string]int
}

// tally is what the contestants asked between two snapshots. The numbers are exact;
// by may have some in it that the API server asked itself.
type tally struct {
	total, reads, watches, writes int
	// books are those among all of these that are not about the tree's own objects.
	books  int
	leases int
	by     counts
}

// ledger reads the API server's metrics, and takes note of what the benchmark asks itself.
type ledger struct {
	client *http.Client
	url    string
	mu     sync.Mutex
	own    counts
}

// wrap counts the benchmark's own requests.
func (l *ledger) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(r)
		if asked, ok := classify(r); ok && err == nil {
			l.mu.Lock()
			l.own[asked]++
			l.mu.Unlock()
		}
		return response, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// classify names a request as the API server's metrics do. Watches are left out:
// the benchmark's stay open from the beginning to the end.
func classify(r *http.Request) (request, bool) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(parts) > 2 && parts[0] == "api":
		parts = parts[2:]
	case len(parts) > 3 && parts[0] == "apis":
		parts = parts[3:]
	default:
		return request{}, false
	}
	if len(parts) > 2 && parts[0] == "namespaces" {
		parts = parts[2:]
	}
	asked := request{verb: r.Method, resource: parts[0], dry: r.URL.Query().Get("dryRun") != ""}
	if len(parts) > 2 {
		asked.resource += "/" + parts[2]
	}
	switch {
	case r.URL.Query().Get("watch") != "":
		return request{}, false
	case r.Method == http.MethodGet && len(parts) == 1:
		asked.verb = "LIST"
	case r.Method == http.MethodDelete && len(parts) == 1:
		asked.verb = "DELETECOLLECTION"
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/apply-patch"):
		asked.verb = "APPLY"
	}
	return asked, true
}

// read takes a snapshot.
func (l *ledger) read(ctx context.Context) (snapshot, error) {
	l.mu.Lock()
	own := counts{}
	for asked, n := range l.own {
		own[asked] = n
	}
	l.mu.Unlock()
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url, http.NoBody)
	if err != nil {
		return snapshot{}, err
	}
	response, err := l.client.Do(get)
	if err != nil {
		return snapshot{}, fmt.Errorf("read the API server's metrics: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return snapshot{}, fmt.Errorf("read the API server's metrics: %s", response.Status)
	}
	s := snapshot{done: counts{}, open: counts{}, own: own, flows: map[string]int{}}
	return s, s.parse(response.Body)
}

const dispatched = "apiserver_flowcontrol_dispatched_requests_total"

func (s snapshot) parse(body io.Reader) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, rest, ok := strings.Cut(lines.Text(), "{")
		if !ok || (name != dispatched && name != "apiserver_request_total" && name != "apiserver_longrunning_requests") {
			continue
		}
		series, count, _ := strings.Cut(rest, "} ")
		value, err := strconv.ParseFloat(count, 64)
		if err != nil {
			return fmt.Errorf("read the API server's metrics: %q", lines.Text())
		}
		label := labels(series)
		if name == dispatched {
			s.flows[label["flow_schema"]] += int(value)
			continue
		}
		asked := request{verb: label["verb"], resource: label["resource"], dry: label["dry_run"] != ""}
		if label["subresource"] != "" {
			asked.resource = strings.TrimPrefix(asked.resource+"/"+label["subresource"], "/")
		}
		if apart(asked) {
			continue
		}
		if name == "apiserver_request_total" {
			s.done[asked] += int(value)
		} else if asked.verb == "WATCH" {
			s.open[asked] += int(value)
		}
	}
	return lines.Err()
}

// apart are the requests that are not counted: whoever acts holds a lease, and the
// API server asks itself for its own schemas and for the addresses of Services.
func apart(r request) bool {
	switch r.resource {
	case "leases", "ipaddresses", "servicecidrs", "openapi/v3":
		return true
	}
	return false
}

// labels reads name="value",… ; no value of these metrics has a quote or a comma in it.
func labels(text string) map[string]string {
	found := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			found[name] = strings.Trim(value, `"`)
		}
	}
	return found
}

// since is what the contestants have asked between two snapshots.
func (s snapshot) since(before snapshot) tally {
	flow := func(name string) int { return s.flows[name] - before.flows[name] }
	found := tally{
		reads: flow(flowRead) + flow(flowBooks) + flow(flowOther), watches: flow(flowWatch), leases: flow(flowLease),
		books: flow(flowBooks) + flow(flowNotes), by: s.by(before),
	}
	writes := flow(flowWrite) + flow(flowNotes)
	found.total = found.reads + found.watches + writes
	found.writes = writes - found.by.sum(func(r request) bool { return r.dry })
	return found
}

func (a tally) String() string {
	text := fmt.Sprintf("%d requests: %s", a.total, a.by)
	if a.books > 0 {
		text += fmt.Sprintf("; %d of them for its books", a.books)
	}
	if others := a.by.sum(func(request) bool { return true }) - a.total; others != 0 {
		text += fmt.Sprintf("; %d of them by the API server itself", others)
	}
	return text
}

// by is what others than the benchmark have asked between two snapshots; a watch
// counts when it begins.
func (s snapshot) by(before snapshot) counts {
	delta := counts{}
	for asked, n := range s.done {
		delta[asked] += n - before.done[asked]
	}
	for asked, n := range s.own {
		delta[asked] -= n - before.own[asked]
	}
	for asked, n := range s.open {
		delta[asked] += n - before.open[asked]
	}
	for asked, n := range before.open {
		if _, still := s.open[asked]; !still {
			delta[asked] -= n
		}
	}
	for asked, n := range delta {
		if n == 0 {
			delete(delta, asked)
		}
	}
	return delta
}

func (c counts) sum(is func(request) bool) (n int) {
	for asked, count := range c {
		if is(asked) {
			n += count
		}
	}
	return n
}

// String lists verbs with their resources, the most frequent first.
func (c counts) String() string {
	type line struct {
		text string
		n    int
	}
	verbs := map[string]int{}
	resources := map[string][]string{}
	for asked, n := range c {
		verb := asked.verb
		if asked.dry {
			verb += " (dry)"
		}
		verbs[verb] += n
		resources[verb] = append(resources[verb], fmt.Sprintf("%d %s", n, asked.resource))
	}
	var lines []line
	for verb, n := range verbs {
		slices.Sort(resources[verb])
		lines = append(lines, line{fmt.Sprintf("%d %s (%s)", n, verb, strings.Join(resources[verb], ", ")), n})
	}
	slices.SortFunc(lines, func(a, b line) int { return b.n - a.n })
	var texts []string
	for _, l := range lines {
		texts = append(texts, l.text)
	}
	if len(texts) == 0 {
		return "nothing"
	}
	return strings.Join(texts, ", ")
}
