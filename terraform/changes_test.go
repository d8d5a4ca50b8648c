package terraform

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/golden"
)

// planned is what `terraform plan -json` says of one resource.
func planned(action, addr, kind, name, key string) string {
	return `{"type":"planned_change","@message":"m","change":{"action":"` + action + `","resource":{"addr":"` + addr +
		`","resource_type":"` + kind + `","resource_name":"` + name + `","resource_key":` + key + `}}}` + "\n"
}

func TestAPlanIsShownShortAndWhatItTakesAwayInFull(t *testing.T) {
	stream := planned("create", `aws_subnet.zone[\"us-east-1b\"]`, "aws_subnet", "zone", `"us-east-1b"`) +
		planned("create", `aws_subnet.zone[\"us-east-1a\"]`, "aws_subnet", "zone", `"us-east-1a"`) +
		planned("create", "aws_vpc.cluster", "aws_vpc", "cluster", "null") +
		planned("create", "aws_route.internet", "aws_route", "internet", "null") +
		planned("create", "aws_security_group_rule.api[0]", "aws_security_group_rule", "api", "0") +
		planned("read", "data.aws_ami.ubuntu", "aws_ami", "ubuntu", "null") +
		planned("update", `aws_autoscaling_group.worker[\"gpu\"]`, "aws_autoscaling_group", "worker", `"gpu"`) +
		planned("replace", `aws_instance.control_plane[\"demo-control-plane-0\"]`, "aws_instance", "control_plane", `"demo-control-plane-0"`) +
		planned("replace", `aws_volume_attachment.etcd[\"demo-control-plane-0\"]`, "aws_volume_attachment", "etcd", `"demo-control-plane-0"`) +
		planned("delete", `aws_ebs_volume.etcd[\"demo-control-plane-0\"]`, "aws_ebs_volume", "etcd", `"demo-control-plane-0"`) +
		`{"type":"change_summary","@message":"Plan","changes":{"add":7,"change":1,"remove":3,"operation":"plan"}}` + "\n"
	e := &events{log: &bytes.Buffer{}}
	if _, err := e.Write([]byte(stream)); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, filepath.Join("testdata", "plan.txt"), e.changes.String()+"\n"+strings.Join(e.changes.Summary(), "\n")+"\n")
	if got := len(e.changes.Removed()); got != 3 {
		t.Errorf("%d are removed, want 3: %v", got, e.changes.Removed())
	}
}

func TestOnlyWhatCannotBeMadeAgainIsALoss(t *testing.T) {
	for name, c := range map[string]struct {
		change Change
		want   string
	}{
		"a control plane made anew": {Change{Action: "replace", Type: "azurerm_linux_virtual_machine", Name: "control_plane"}, "A CONTROL PLANE IS REPLACED"},
		"one that goes":             {Change{Action: "delete", Type: "docker_container", Name: "machine", Key: "demo-control-plane-1"}, "A CONTROL PLANE IS DELETED"},
		"its volume":                {Change{Action: "delete", Type: "docker_volume", Name: "var", Key: "demo-control-plane-1-var"}, "ETCD'S DATA OF A CONTROL PLANE IS LOST"},
		"a pool of workers":         {Change{Action: "replace", Type: "google_compute_region_instance_group_manager", Name: "pool", Key: "worker"}, "ALL WORKERS OF A POOL ARE REPLACED"},
		"etcd's disk":               {Change{Action: "replace", Type: "google_compute_disk", Name: "etcd", Key: "0"}, "ETCD'S DATA OF A CONTROL PLANE IS LOST"},
		"its attachment":            {Change{Action: "replace", Type: "google_compute_attached_disk_attachment", Name: "etcd"}, ""},
		"a worker":                  {Change{Action: "replace", Type: "docker_container", Name: "machine", Key: "demo-worker-1"}, ""},
		"a rule":                    {Change{Action: "delete", Type: "aws_security_group_rule", Name: "control_plane_etcd"}, ""},
		"a disk that grows":         {Change{Action: "update", Type: "aws_ebs_volume", Name: "etcd"}, ""},
	} {
		if got := c.change.Loss(); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
