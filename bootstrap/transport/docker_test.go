package transport

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/docker/docker/client"
)

func TestAScriptThatStillEndsHasNotSucceeded(t *testing.T) {
	looks := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/exec/one/json") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if looks++; looks == 1 {
			fmt.Fprint(w, `{"ID":"one","Running":true,"ExitCode":null}`)
			return
		}
		fmt.Fprint(w, `{"ID":"one","Running":false,"ExitCode":10}`)
	}))
	defer server.Close()
	api, err := client.NewClientWithOpts(client.WithHost("tcp://"+server.Listener.Addr().String()), client.WithVersion("1.44"))
	if err != nil {
		t.Fatal(err)
	}
	d := &docker{machine: "m", api: api}
	defer api.Close()
	if code, err := d.exitCode(context.Background(), "one"); err != nil || code != 10 {
		t.Errorf("exit code %d, %v, want 10", code, err)
	}
}
