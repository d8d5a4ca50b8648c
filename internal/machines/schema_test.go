package machines

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("machines.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("machines.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func obeys(t *testing.T, s *jsonschema.Schema, file string) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

func TestTheSchemaAndTheValidatorAgree(t *testing.T) {
	s := schema(t)
	example := string(Example)
	edit := func(old, with string) string {
		if !strings.Contains(example, old) {
			t.Fatalf("%q is not in the example", old)
		}
		return strings.Replace(example, old, with, 1)
	}
	ssh := `"ssh": {
          "user": "deploy"`
	for name, file := range map[string]string{
		"the example":           example,
		"an editor's line":      edit(`"kind"`, `"$schema": "machines.schema.json", "kind"`),
		"SSH by defaults":       edit(`"user": "deploy",`, ``),
		"a group":               edit(`"machines": [`, `"groups": [{"name":"g","count":2,"subnets":["10.0.0.0/8"]}], "machines": [`),
		"an endpoint by name":   edit(`192.168.1.11:6443`, `api.example.org:443`),
		"an endpoint over IPv6": edit(`192.168.1.11:6443`, `[fd00::1]:6443`),
		"addresses of IPv6":     edit(`"192.168.1.21"`, `"fd00::21"`),
		"a disk for etcd":       edit(`"transport"`, `"etcdDevice": "/dev/sdb", "transport"`),
		"another kind":          edit(`"Machines"`, `"Machine"`),
		"an unknown key":        edit(`"address"`, `"ip": "1.2.3.4", "address"`),
		"a number for a name":   edit(`"rack-worker-0"`, `5`),
		"a name that is none":   edit(`"rack-worker-0"`, `"Rack_0"`),
		"an endpoint alone":     edit(`192.168.1.11:6443`, `192.168.1.11`),
		"a role that is none":   edit(`"worker"`, `"node"`),
		"no control plane":      edit(`"control-plane"`, `"worker"`),
		"a host for an address": edit(`"192.168.1.21"`, `"worker.example.org"`),
		"a taint that is none":  edit(`dedicated=batch:NoSchedule`, `dedicated=batch`),
		"a label that is none":  edit(`"example.org/rack": "a"`, `"example.org/rack": "a b"`),
		"no way to the machine": edit(`"transport": {`, `"transport": {}, "x": {`),
		"two ways":              edit(ssh, `"docker": {"container": "c"}, `+ssh),
		"a port too high":       edit(`2222`, `70000`),
		"a user that is none":   edit(`"user": "deploy",`, `"user": "Deploy User",`),
		"a fingerprint of MD5":  edit(`SHA256:0123456789abcdefghijklmnopqrstuvwxyzABCDEFG`, `MD5:00:11`),
		"a jump host without":   edit(`"host": "gate.example.org",`, ``),
		"a group without a net": edit(`"machines": [`, `"groups": [{"name":"g","subnets":[]}], "machines": [`),
		"a container without":   edit(ssh, `"docker": {"container": ""}, "sh": { "user": "deploy"`),
	} {
		_, ours := Decode([]byte(file))
		theirs := obeys(t, s, file)
		if (ours == nil) != (theirs == nil) {
			t.Errorf("%s:\nvalidator: %v\nschema: %v", name, ours, theirs)
		}
	}
}

func TestAnAdoptedFileIsComplete(t *testing.T) {
	file, err := Decode(Example)
	if err != nil {
		t.Fatal(err)
	}
	got := file.Adopt("/racks/berlin.json", "core", 22)
	var lines []string
	for _, m := range got.Machines {
		lines = append(lines, fmt.Sprintf("%s:%d %s %v", m.Transport.SSH.User, m.Transport.SSH.Port, m.Transport.SSH.IdentityFile, m.Transport.SSH.Jump))
	}
	want := []string{
		"deploy:22 /racks/keys/id_ed25519 <nil>",
		"deploy:2222 /racks/keys/id_ed25519 &{gate.example.org 0 deploy  }",
	}
	if diff := cmp.Diff(want, lines); diff != "" || got.Source != "/racks/berlin.json" {
		t.Errorf("source %q, %s", got.Source, diff)
	}
	if again, _ := Decode(Example); cmp.Diff(again, file) != "" {
		t.Error("the original was changed")
	}
	if _, err := Decode(got.Encode()); err != nil {
		t.Error(err)
	}
}
