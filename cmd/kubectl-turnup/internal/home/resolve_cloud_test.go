package home

import (
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/config"
)

func TestWhatMayChangeInACloud(t *testing.T) {
	for _, platform := range []string{"aws", "gce", "azure"} {
		old := testdir.On(t, platform)
		at := "provision." + platform + "."
		for change, refused := range map[string]bool{
			"provision.workers=7": false, "provision.pools=gpu count=1 type=big": false,
			at + "worker_type=other": false, at + "worker_disk=99": false, at + "api_cidrs=198.51.100.0/24": false, at + "ssh_cidrs=": false,
			at + "region=moon-1": true, at + "arch=arm64": true, at + "image=flatcar": true, at + "subnet=10.9.0.0/16": true,
			at + "control_plane_type=other": true, at + "etcd_disk=99": true, at + "load_balancer=false": true,
		} {
			err := unchangeable(old, testdir.On(t, platform, change))
			if refused != (err != nil) {
				t.Errorf("%s: %v", change, err)
			}
			if path, _, _ := strings.Cut(change, "="); refused && err != nil && !strings.Contains(err.Error(), path) {
				t.Errorf("%v does not name %s", err, path)
			}
		}
	}
}

func TestALoadBalancerDoesNotComeLater(t *testing.T) {
	without := testdir.On(t, "aws", "provision.aws.load_balancer=false")
	if err := endpointMoves(without, testdir.On(t, "aws", "provision.control_planes=3")); err == nil || !strings.Contains(err.Error(), "no more control planes") {
		t.Errorf("got %v", err)
	}
	if err := endpointMoves(testdir.On(t, "aws"), testdir.On(t, "aws", "provision.control_planes=3")); err != nil {
		t.Errorf("one that is there: %v", err)
	}
	if err := endpointMoves(config.Default(), config.Default()); err != nil {
		t.Errorf("on this computer: %v", err)
	}
}
