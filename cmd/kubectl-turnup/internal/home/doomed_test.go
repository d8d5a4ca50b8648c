package home

import (
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestADamagedRecordKeepsOnlyMachinesElsewhere(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		kept       bool
	}{
		"nothing was made":    {"clusters/demo/.gitignore", "*", false},
		"containers":          {"clusters/demo/terraform/versions.tf", `source = "kreuzwerker/docker"`, false},
		"instances":           {"clusters/demo/terraform/versions.tf", `source = "hashicorp/aws"`, true},
		"hosts of the user's": {"clusters/demo/machines.json", `{"apiVersion":"turnup.dev/v1alpha1","kind":"Machines","endpoint":"10.0.0.1:6443","machines":[{"name":"a","role":"control-plane","address":"10.0.0.1","transport":{"ssh":{}}}]}`, true},
		"a damaged list":      {"clusters/demo/machines.json", "{", true},
	} {
		t.Run(name, func(t *testing.T) {
			testdir.Empty(t)
			testdir.Write(t, "clusters/demo/config.json", `{"provision":`)
			testdir.Write(t, c.file, c.text)
			home, cfg, err := FindDoomed(Request{Base: "clusters", Name: "demo"})
			switch {
			case c.kept && (err == nil || !strings.Contains(ui.HintOf(err), "not on this computer")):
				t.Errorf("it would be deleted: %v, hint %s", err, ui.HintOf(err))
			case !c.kept && (err != nil || cfg.Cluster.Name != "demo" || home.Dir == ""):
				t.Errorf("it cannot be deleted: %v", err)
			}
		})
	}
}
