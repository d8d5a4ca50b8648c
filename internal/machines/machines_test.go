package machines

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const good = `{
  "apiVersion": "turnup.dev/v1alpha1",
  "kind": "Machines",
  "endpoint": "172.30.0.11:6443",
  "machines": [
    {
      "name": "demo-control-plane-0",
      "role": "control-plane",
      "address": "172.30.0.11",
      "transport": {
        "docker": {
          "container": "demo-control-plane-0"
        }
      }
    },
    {
      "name": "demo-worker-0",
      "role": "worker",
      "address": "172.30.0.21",
      "labels": {
        "example.org/pool": "default"
      },
      "taints": [
        "dedicated=batch:NoSchedule"
      ],
      "transport": {
        "docker": {
          "container": "demo-worker-0"
        }
      }
    }
  ]
}
`

func TestDecodeAndEncodeAreInverse(t *testing.T) {
	file, err := Decode([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(good, string(file.Encode())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(New("172.30.0.11:6443", file.Machines), file); diff != "" {
		t.Error(diff)
	}
}

func TestWithRoleKeepsTheOrder(t *testing.T) {
	file := New("e:1", []Machine{{Name: "b", Role: Worker}, {Name: "c", Role: ControlPlane}, {Name: "a", Role: Worker}})
	var names []string
	for _, m := range file.WithRole(Worker) {
		names = append(names, m.Name)
	}
	if diff := cmp.Diff([]string{"b", "a"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestAWrongFileSaysWhatIsWrong(t *testing.T) {
	edit := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the good file", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	cases := []struct{ name, file, want string }{
		{"empty", "", "the machines file is empty"},
		{"truncated", good[:len(good)/2], "the machines file is truncated: it ends inside the JSON"},
		{"null", "null", `apiVersion and kind are "" and "", want "turnup.dev/v1alpha1" and "Machines"`},
		{"not JSON", "{\n  machines\n}", "not a machines file: line 2: invalid character 'm'"},
		{"an unknown key", edit(`"address"`, `"ip"`), `json: unknown field "ip"`},
		{"a wrong type", edit(`"172.30.0.21"`, `21`), "not a machines file: line 19: json: cannot unmarshal number"},
		{"text behind", good + "}", "there is text behind the machines object"},
		{"another kind", edit(`"Machines"`, `"Cluster"`), `apiVersion and kind are "turnup.dev/v1alpha1" and "Cluster"`},
		{"an endpoint without port", edit(`.11:6443"`, `.11"`), `endpoint "172.30.0.11" is not host:port`},
		{"an endpoint with a port too high", edit(`:6443"`, `:66443"`), `endpoint "172.30.0.11:66443" is not host:port`},
		{"a name twice", edit(`"demo-worker-0"`, `"demo-control-plane-0"`), `machines[1].name "demo-control-plane-0" is used twice`},
		{"a name that is no label", edit(`"demo-worker-0"`, `"Demo.0"`), `machines[1].name "Demo.0" is not a DNS label`},
		{"a role nobody has", edit(`"worker"`, `"master"`), `machines[1].role "master" is none of control-plane, worker, loadbalancer`},
		{"no control plane", edit(`"control-plane"`, `"worker"`), "no machine has the role control-plane"},
		{"an address that is none", edit(`"172.30.0.21"`, `"demo.local"`), `machines[1].address "demo.local" is not an IP address`},
		{"an address twice", edit(`.21"`, `.11"`), "machines[1].address 172.30.0.11 is also that of demo-control-plane-0"},
		{"a wrong label", edit(`"default"`, `"not a value"`), `machines[1].labels: "example.org/pool": "not a value" is not a Kubernetes label`},
		{"a wrong taint", edit(`:NoSchedule`, `:Never`), `machines[1].taints[0] "dedicated=batch:Never" is not key=value:Effect`},
		{"no transport", edit(`"docker": {
          "container": "demo-worker-0"
        }`, ""), "machines[1].transport names no way to reach the machine (docker.container or ssh)"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			file, err := Decode([]byte(tc.file))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
			if len(file.Machines) > 0 {
				t.Error("a wrong file was returned")
			}
		})
	}
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	err := New("nowhere", []Machine{{Name: "A", Role: "x", Address: "y"}}).Validate()
	if got := len(strings.Split(err.Error(), "\n")); got != 6 {
		t.Errorf("%d problems:\n%v", got, err)
	}
}

func TestReadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "machines.json")
	if _, err := Read(path); !errors.Is(err, ErrMissing) || !strings.HasPrefix(err.Error(), path) {
		t.Errorf("missing: %v", err)
	}
	if err := os.WriteFile(path, []byte(good[:100]), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), "truncated") {
		t.Errorf("truncated: %v", err)
	}
	if _, err := Read(filepath.Dir(path)); err == nil {
		t.Error("a directory was read")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(good))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Decode(data)
		if err != nil {
			return
		}
		if again, err := Decode(file.Encode()); err != nil {
			t.Errorf("%v\n%s", err, cmp.Diff(file, again))
		}
	})
}
