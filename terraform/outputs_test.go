package terraform

import (
	"encoding/json"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/ui"
)

const goodMachines = `[{"name":"a-control-plane-0","role":"control-plane","address":"10.0.0.11","transport":{"docker":{"container":"a-control-plane-0"}}}]`

func TestOutputsBecomeMachines(t *testing.T) {
	file, err := Outputs{"endpoint": json.RawMessage(`"10.0.0.11:6443"`), "machines": json.RawMessage(goodMachines), "mine": json.RawMessage(`1`)}.Machines()
	if err != nil || file.Endpoint != "10.0.0.11:6443" || len(file.Machines) != 1 {
		t.Errorf("got %+v, %v", file, err)
	}
}

func TestWrongOutputsSayWhichAndWhy(t *testing.T) {
	for name, c := range map[string]struct{ endpoint, machines, want string }{
		"all missing":              {"", "", "output \"endpoint\" is missing\noutput \"machines\" is missing"},
		"null":                     {`"10.0.0.11:6443"`, "null", `output "machines" is missing`},
		"truncated":                {`"10.0.0.11:6443"`, goodMachines[:40], `output "machines": unexpected EOF`},
		"of another type":          {`["10.0.0.11:6443"]`, goodMachines, `output "endpoint": json: cannot unmarshal array`},
		"with a field nobody asks": {`"10.0.0.11:6443"`, `[{"name":"a","key":"secret"}]`, `output "machines": json: unknown field "key"`},
		"without a control plane":  {`"10.0.0.11:6443"`, `[]`, "no machine has the role control-plane"},
		"an endpoint without port": {`"10.0.0.11"`, goodMachines, `endpoint "10.0.0.11" is not host:port`},
	} {
		t.Run(name, func(t *testing.T) {
			o := Outputs{}
			if c.endpoint != "" {
				o["endpoint"] = json.RawMessage(c.endpoint)
			}
			if c.machines != "" {
				o["machines"] = json.RawMessage(c.machines)
			}
			_, err := o.Machines()
			if err == nil || !strings.Contains(err.Error(), c.want) || ui.HintOf(err) == "" {
				t.Errorf("got %v with hint %q, want %q", err, ui.HintOf(err), c.want)
			}
		})
	}
}
