package terraform

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/golden"
)

// with is the default config with some assignments.
func with(t *testing.T, assignments ...string) config.Cluster {
	t.Helper()
	cfg := config.Default()
	if err := config.Set(&cfg, assignments...); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestVars(t *testing.T) {
	cloud := Inputs{SSHPublicKey: "ssh-ed25519 AAAA demo", UserData: map[string]string{"worker": "#!/bin/sh\n", "gpu": "#!/bin/sh\n# gpu\n"}}
	pools := "provision.pools=gpu count=1 type=g5.xlarge disk=200 spot labels=gpu=yes taints=gpu=yes:NoSchedule"
	for name, c := range map[string]struct {
		cfg config.Cluster
		in  Inputs
	}{
		"default": {config.Default(), Inputs{Image: "ghcr.io/kubectl-turnup/machine:v0.1.0"}},
		"all": {with(t, "cluster.name=big", "provision.control_planes=3", "provision.workers=20", "provision.local.subnet=10.9.0.0/20"),
			Inputs{Image: "sha256:0123", Store: "turnup-store-0123456789ab", MTU: 1400, ControlPlaneMemory: 2048, WorkerMemory: 1024}},
		"aws": {with(t, "provision.platform=aws"), cloud},
		"aws-all": {with(t, "provision.platform=aws", "provision.control_planes=3", "provision.aws.arch=arm64", "provision.aws.zones=a,b,c",
			"provision.aws.image=flatcar", "provision.aws.api_cidrs=198.51.100.0/24,203.0.113.7/32", "provision.aws.ssh_cidrs=203.0.113.7/32", pools), cloud},
		"gce": {with(t, "provision.platform=gce", "provision.gce.load_balancer=false", "provision.gce.zones=b,c"), cloud},
		"gce-project": {with(t, "provision.platform=gce", "provision.gce.project=mine-1234", "provision.gce.image=debian",
			"provision.gce.api_cidrs="), Inputs{}},
		"azure": {with(t, "provision.platform=azure", "provision.azure.zones=1,3"), cloud},
	} {
		t.Run(name, func(t *testing.T) {
			vars, err := Vars(c.cfg, c.in)
			if err != nil {
				t.Fatal(err)
			}
			got, err := encode(vars)
			if err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", "vars-"+name+".json"), string(got))
		})
	}
}

func TestAskingForMorePlanesAsksForALoadBalancer(t *testing.T) {
	vars, err := Vars(with(t, "provision.platform=aws", "provision.control_planes=3"), Inputs{})
	if err != nil || vars["load_balancer"] != true {
		t.Errorf("load_balancer is %v, %v", vars["load_balancer"], err)
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
	if known, err := ws.Known(t.Context()); err != nil || len(known) != 0 {
		t.Errorf("without a state: %v, %v", known, err)
	}
	for name, file := range (fstest.MapFS{
		"whole": {Data: []byte(`{"resources":[{"instances":[{"attributes":{"id":"a"}},{"attributes":{"id":"b"}}]}]}`)},
		"half":  {Data: []byte(`{"resources":[{"inst`)},
	}) {
		if err := os.WriteFile(filepath.Join(ws.Dir, "terraform.tfstate"), file.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		known, err := ws.Known(t.Context())
		if whole := name == "whole"; whole != (err == nil) || whole != known["a"] || whole != known["b"] {
			t.Errorf("%s: %v, %v", name, known, err)
		}
	}
}
