package terraform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestEventsAreTakenApart(t *testing.T) {
	var log bytes.Buffer
	var told []string
	e := &events{log: &log, progress: func(s string) { told = append(told, s) }}
	stream := `There are some problems with the CLI configuration
{"@message":"docker_network.cluster: Plan to create","type":"planned_change","change":{"action":"create","resource":{"addr":"docker_network.cluster"}}}
{"@message":"Plan: 1 to add, 0 to change, 0 to destroy.","type":"change_summary","changes":{"add":1,"change":0,"remove":0,"operation":"plan"}}
{"@message":"docker_network.cluster: Creating...","type":"apply_start"}
{"@message":"Error: no","type":"diagnostic","diagnostic":{"severity":"error","summary":"no","detail":"because\nof this","address":"docker_network.cluster"}}
{"@message":"Warning: hm","type":"diagnostic","diagnostic":{"severity":"warning","summary":"hm"}}
{"@message":"Outputs: 1","type":"outputs","outputs":{"endpoint":{"value":"10.0.0.11:6443"}}}
{"@message":"cut off`
	// In pieces, as a pipe delivers it.
	for len(stream) > 0 {
		n := min(7, len(stream))
		if _, err := e.Write([]byte(stream[:n])); err != nil {
			t.Fatal(err)
		}
		stream = stream[n:]
	}
	if e.changes.String() != "1 to add, 0 to change, 0 to remove" || len(e.changes.Resources) != 1 || e.changes.Resources[0].String() != "create docker_network.cluster" {
		t.Errorf("changes are %+v", e.changes)
	}
	if string(e.outputs["endpoint"]) != `"10.0.0.11:6443"` {
		t.Errorf("outputs are %s", e.outputs)
	}
	if len(e.errors) != 1 || len(told) != 1 {
		t.Errorf("errors %v, progress %v", e.errors, told)
	}
	if !strings.Contains(log.String(), "Error: no\n  because\n  of this\n") || !strings.HasPrefix(log.String(), "There are some problems") {
		t.Errorf("the log reads\n%s", log.String())
	}
}

func TestFailuresAreExplained(t *testing.T) {
	exit := errors.New("exit status 1")
	for name, c := range map[string]struct {
		failure    failure
		want, hint string
	}{
		"a diagnostic, with what it is about": {
			failure{err: exit, errors: []diagnostic{{Summary: "Unable to create container: Conflict.\nThe name is taken", Address: `docker_container.machine["a"]`}}},
			`terraform apply in /c/terraform: docker_container.machine["a"]: Unable to create container: Conflict.`, "the whole story is in /c/terraform/terraform.log"},
		"many are cut": {
			failure{err: exit, errors: []diagnostic{{Summary: "a"}, {Summary: "b"}, {Summary: "c"}, {Summary: "d"}, {Summary: "e"}}},
			"a; b; c; and 2 more", "terraform.log"},
		"a box of the human output": {
			failure{err: exit, stderr: "╷\n│ Warning: Unable to open\n│\n╵\n╷\n│ Error: Unsupported argument\n│ \n│   on main.tf line 3:\n│ it is not expected here.\n╵\n"},
			"Unsupported argument on main.tf line 3: it is not expected here.", "terraform.log"},
		"a lock names the way out": {
			failure{err: exit, errors: []diagnostic{{Summary: "Error acquiring the state lock",
				Detail: "Error message: resource temporarily unavailable\nLock Info:\n  ID:        2d3fa1a6-6b0a-8f4c-9a44-0f9e1c8a7b55\n  Path:      terraform.tfstate\n" +
					"  Who:       me@here\n  Version:   1.11.4\n  Created:   2026-11-22 10:00:00.5 +0000 UTC\n\n\nTerraform acquires a state lock to protect"}}},
			"the state is locked by me@here since 2026-11-22 10:00:00.5", "force-unlock -force 2d3fa1a6-6b0a-8f4c-9a44-0f9e1c8a7b55"},
		"a missing provider names the way out": {
			failure{err: exit, stderr: "Error: Failed to query available provider packages\n\nCould not retrieve the list of available versions for provider kreuzwerker/docker"},
			"Failed to query available provider packages", "the provider kreuzwerker/docker is needed: let terraform reach its registry, or set " + EnvProviders + " to a directory that has it (in a checkout, `make tools` builds it)"},
		"only a provider that a checkout can build is said to be": {
			failure{err: exit, stderr: "Error: Failed to query available provider packages\n\nCould not retrieve the list of available versions for provider\nhashicorp/aws: no"},
			"Failed to query available provider packages", "the provider hashicorp/aws is needed: let terraform reach its registry, or set " + EnvProviders + " to a directory that has it"},
		"a broken state names the way out": {
			failure{err: exit, errors: []diagnostic{{Summary: "Error acquiring the state lock",
				Detail: "Error message: 2 problems:\n\n- Unsupported state file format: The state file could not be parsed as JSON: syntax error at byte offset 21."}}},
			"syntax error at byte offset 21", "terraform.tfstate.backup"},
		"an interruption is no failure": {
			failure{err: fmt.Errorf("signal: interrupt: %w", context.Canceled), stderr: "Error: operation canceled"},
			"was interrupted: context canceled", "it goes on where it stopped"},
		"nothing said at all": {failure{err: exit}, "exit status 1", "terraform.log"},
	} {
		t.Run(name, func(t *testing.T) {
			f := c.failure
			f.verb, f.dir, f.log, f.tool = "apply", "/c/terraform", "/c/terraform/terraform.log", "/bin/terraform"
			err := f.explain()
			if !strings.Contains(err.Error(), c.want) || strings.ContainsAny(err.Error(), "│\n") {
				t.Errorf("got %q, want %q on one line", err, c.want)
			}
			if hint := ui.HintOf(err); !strings.Contains(hint, c.hint) {
				t.Errorf("the hint is %q, want %q", hint, c.hint)
			}
		})
	}
	if err := (&failure{err: context.Canceled}).explain(); !errors.Is(err, context.Canceled) {
		t.Error("an interruption is not recognisable any more")
	}
}
