package turnup

import (
	"testing"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/internal/atomicfile"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/terraform"
)

func TestOnlyAMachineThatWasNeverUsedGoesUnasked(t *testing.T) {
	const used, fresh = "demo-control-plane-0", "demo-worker-0"
	p := &localPlatform{turnup: &Turnup{Home: home.Of(t.TempDir(), "demo")}}
	asks := func(list ...terraform.Change) bool { return p.asks(terraform.Changes{Resources: list}) }
	half := func(name string) terraform.Change {
		return terraform.Change{Action: "replace", Type: "docker_container", Name: "machine", Key: name, Tainted: true}
	}
	if asks(half(used), half(fresh), terraform.Change{Action: "create", Key: "demo-worker-1"}) {
		t.Error("the first create was cut off, and going on has to be agreed to")
	}
	if !asks(half(fresh), terraform.Change{Action: "delete", Key: "demo-worker-1"}) {
		t.Error("a machine is removed unasked")
	}

	file := machines.New("10.0.0.5:6443", []machines.Machine{{Name: used, Role: machines.ControlPlane, Address: "10.0.0.5", Transport: machines.Transport{Docker: &machines.Docker{Container: used}}}})
	if err := atomicfile.Write(p.turnup.Home.Machines(), file.Encode(), 0o600); err != nil {
		t.Fatal(err)
	}
	if asks(half(fresh)) {
		t.Error("a new worker was cut off, and going on has to be agreed to")
	}
	if !asks(half(fresh), half(used)) {
		t.Error("a control plane that somebody tainted is made anew unasked")
	}
	if err := atomicfile.Write(p.turnup.Home.Machines(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !asks(half(fresh)) {
		t.Error("a machines file that cannot be read names nobody, and all goes unasked")
	}
}
