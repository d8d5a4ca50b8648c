package addons

import (
	"os"
	"path/filepath"
	"testing"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestTheRuleWhichClusterItIs(t *testing.T) {
	for _, tc := range []struct {
		name     string
		recorded bool
		req      Request
		own      bool
		wrong    bool
	}{
		{"a record", true, Request{}, true, false},
		{"no record", false, Request{}, false, false},
		{"a record and a context", true, Request{Connection: cluster.Connection{Context: "x"}}, false, false},
		{"a record and a kubeconfig", true, Request{Connection: cluster.Connection{Kubeconfig: "x"}}, false, false},
		{"a record and another flag", true, Request{Connection: cluster.Connection{Words: []string{"--as=x"}}}, false, false},
		{"a name", true, Request{Request: home.Request{Name: "demo"}}, true, false},
		{"a name without a record", false, Request{Request: home.Request{Name: "demo"}}, true, true},
		{"a name and a context", true, Request{Connection: cluster.Connection{Context: "x"}, Request: home.Request{Name: "demo"}}, false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			testdir.Empty(t)
			t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
			if tc.recorded {
				testdir.Write(t, "clusters/demo/config.json", string(config.Encode(config.Default())))
			}
			tc.req.Base = "clusters"
			a, err := Open(tc.req)
			if tc.wrong {
				if err == nil || ui.HintOf(err) == "" {
					t.Errorf("%v, want an error with a way out", err)
				}
				return
			}
			if err != nil || (a.own != nil) != tc.own {
				t.Errorf("%+v, %v", a, err)
			}
			wd, _ := os.Getwd()
			if want := filepath.Join(wd, "addons"); a.dir != want {
				t.Errorf("the tree is %s, want %s", a.dir, want)
			}
		})
	}
}
