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

func TestMachinesOfACloudAreReachedBySSHAndItsWorkersAreGroups(t *testing.T) {
	file, err := Outputs{
		"endpoint": json.RawMessage(`"lb.example.com:6443"`),
		"machines": json.RawMessage(`[{"name":"a-control-plane-0","role":"control-plane","address":"10.0.0.11",
			"transport":{"ssh":{"host":"203.0.113.7","user":"ubuntu","identityFile":"pki/ssh"}}}]`),
		"groups": json.RawMessage(`[{"name":"a-worker","count":3,"subnets":["10.0.1.0/24"],"labels":{"pool":"worker"},"taints":[]}]`),
	}.Machines()
	if err != nil || len(file.Groups) != 1 || !file.Groups[0].Has("a-worker-x7", "10.0.1.9") {
		t.Fatalf("got %+v, %v", file, err)
	}
	if ssh := file.Machines[0].Transport.SSH; ssh == nil || ssh.Host != "203.0.113.7" || ssh.IdentityFile != "pki/ssh" {
		t.Errorf("got %+v", file.Machines[0].Transport)
	}
}

func TestWrongGroupsAreAnError(t *testing.T) {
	for name, groups := range map[string]string{
		"null": "null", "without subnets": `[{"name":"a-worker","count":1,"subnets":[]}]`, "of another type": `{}`,
	} {
		_, err := Outputs{"endpoint": json.RawMessage(`"10.0.0.11:6443"`), "machines": json.RawMessage(goodMachines), "groups": json.RawMessage(groups)}.Machines()
		if err == nil || !strings.Contains(err.Error(), "groups") {
			t.Errorf("groups that are %s: %v", name, err)
		}
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
