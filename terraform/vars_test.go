package terraform

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/golden"
)

func TestVars(t *testing.T) {
	big := config.Default()
	big.Cluster.Name, big.Provision.ControlPlanes, big.Provision.Workers, big.Provision.Local.Subnet = "big", 3, 20, "10.9.0.0/20"
	for name, c := range map[string]struct {
		cfg config.Cluster
		in  Inputs
	}{
		"default": {config.Default(), Inputs{Image: "ghcr.io/kubectl-turnup/machine:v0.1.0"}},
		"all":     {big, Inputs{Image: "sha256:0123", Store: "turnup-store-0123456789ab", MTU: 1400, ControlPlaneMemory: 2048, WorkerMemory: 1024}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := encode(Vars(c.cfg, c.in))
			if err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", "vars-"+name+".json"), string(got))
		})
	}
}

func TestPrepareTouchesOnlyItsOwnFiles(t *testing.T) {
	ws := Workspace{Dir: filepath.Join(t.TempDir(), "terraform")}
	if err := ws.Prepare(config.Default(), Inputs{Image: "sha256:0"}); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{"mine.tf": "# mine", "terraform.tfstate": "{}", "machines.tf": "# changed"} {
		if err := os.WriteFile(filepath.Join(ws.Dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.Stat(filepath.Join(ws.Dir, "network.tf"))
	if err != nil {
		t.Fatal(err)
	}
	if err := ws.Prepare(config.Default(), Inputs{Image: "sha256:1"}); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(ws.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if read("mine.tf") != "# mine" || read("terraform.tfstate") != "{}" {
		t.Error("a file of the user changed")
	}
	if read("machines.tf") == "# changed" {
		t.Error("the module was not written anew")
	}
	if after, err := os.Stat(filepath.Join(ws.Dir, "network.tf")); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Error("a file that was right was written again")
	}
	left, err := filepath.Glob(filepath.Join(ws.Dir, "*.new"))
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v %v", left, err)
	}
	cfg := config.Default()
	cfg.Provision.Platform = "moon"
	if err := ws.Prepare(cfg, Inputs{}); err == nil {
		t.Error("a platform without a module was accepted")
	}
}

func TestKnownReadsIDsFromTheState(t *testing.T) {
	ws := Workspace{Dir: t.TempDir()}
	if known, err := ws.Known(); err != nil || len(known) != 0 {
		t.Errorf("without a state: %v, %v", known, err)
	}
	for name, file := range (fstest.MapFS{
		"whole": {Data: []byte(`{"resources":[{"instances":[{"attributes":{"id":"a"}},{"attributes":{"id":"b"}}]}]}`)},
		"half":  {Data: []byte(`{"resources":[{"inst`)},
	}) {
		if err := os.WriteFile(filepath.Join(ws.Dir, "terraform.tfstate"), file.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		known, err := ws.Known()
		if whole := name == "whole"; whole != (err == nil) || whole != known["a"] || whole != known["b"] {
			t.Errorf("%s: %v, %v", name, known, err)
		}
	}
}
