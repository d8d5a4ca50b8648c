package faults

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Fault is what becomes of a request. The zero Fault is none.
type Fault struct {
	// Status is answered instead of asking the API server: 409, 429, 500, 503 and so on.
	Status int
	// RetryAfter is told with a Status of 429 or 503, in whole seconds.
	RetryAfter time.Duration
	// Reset breaks the connection.
	Reset bool
	// Forward lets the API server do its work before the client is told Status or is reset.
	Forward bool
	// Delay passes before anything else.
	Delay time.Duration
	// Hang answers nothing until the client gives up or the proxy closes.
	Hang bool
	// Call is called before anything is forwarded or, with Forward, after the API server has answered.
	Call func()
}

// Rule says which requests a fault befalls.
type Rule struct {
	// Match picks requests; nil picks all.
	Match func(Request) bool
	// Nth is the only one of the picked requests that is hit, counted from 1; 0 is each of them.
	Nth int
	// Chance hits a part of them, by the proxy's seed; 0 is each of them.
	Chance float64
	// Most is how many are hit at most; 0 is no limit.
	Most  int
	Fault Fault

	seen, hit int
}

// Writes picks what changes something, without the lease, by which managers only agree who acts.
func Writes(r Request) bool { return r.Write() && r.Resource != "leases.coordination.k8s.io" }

// Short picks everything but watches, which fail in their own way.
func Short(r Request) bool { return r.Verb != "watch" }

// Of picks requests by verb and resource; "" is any.
func Of(verb, resource string) func(Request) bool {
	return func(r Request) bool {
		return (verb == "" || r.Verb == verb) && (resource == "" || r.Resource == resource)
	}
}

// answer writes a Status object as the API server would.
func (f Fault) answer(w http.ResponseWriter) {
	reason := map[int]string{
		http.StatusConflict: "Conflict", http.StatusTooManyRequests: "TooManyRequests", http.StatusForbidden: "Forbidden",
		http.StatusInternalServerError: "InternalError", http.StatusServiceUnavailable: "ServiceUnavailable",
		http.StatusGatewayTimeout: "Timeout",
	}[f.Status]
	body, err := json.Marshal(map[string]any{
		"kind": "Status", "apiVersion": "v1", "metadata": map[string]any{}, "status": "Failure",
		"message": fmt.Sprintf("fault injected: %s", http.StatusText(f.Status)), "reason": reason, "code": f.Status,
	})
	if err != nil {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
	}
	w.WriteHeader(f.Status)
	_, _ = w.Write(body) // A client that is gone already needs no answer.
}
