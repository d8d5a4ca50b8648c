package turnup

import (
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/config"
)

// on is the default config on a platform, with some assignments.
func on(t *testing.T, platform string, assignments ...string) config.Cluster {
	t.Helper()
	cfg := config.Default()
	if err := config.Set(&cfg, append([]string{"provision.platform=" + platform}, assignments...)...); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestWhatMayChangeInACloud(t *testing.T) {
	for _, platform := range []string{"aws", "gce", "azure"} {
		old := on(t, platform)
		at := "provision." + platform + "."
		for change, refused := range map[string]bool{
			"provision.workers=7": false, "provision.pools=gpu count=1 type=big": false,
			at + "worker_type=other": false, at + "worker_disk=99": false, at + "api_cidrs=198.51.100.0/24": false, at + "ssh_cidrs=": false,
			at + "region=moon-1": true, at + "arch=arm64": true, at + "image=flatcar": true, at + "subnet=10.9.0.0/16": true,
			at + "control_plane_type=other": true, at + "etcd_disk=99": true, at + "load_balancer=false": true,
		} {
			err := unchangeable(old, on(t, platform, change))
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
	without := on(t, "aws", "provision.aws.load_balancer=false")
	if err := endpointMoves(without, on(t, "aws", "provision.control_planes=3")); err == nil || !strings.Contains(err.Error(), "no more control planes") {
		t.Errorf("got %v", err)
	}
	if err := endpointMoves(on(t, "aws"), on(t, "aws", "provision.control_planes=3")); err != nil {
		t.Errorf("one that is there: %v", err)
	}
	if err := endpointMoves(config.Default(), config.Default()); err != nil {
		t.Errorf("on this computer: %v", err)
	}
}

func TestACloudThatKeepsUsOutIsRefusedBeforeAnythingIsMade(t *testing.T) {
	if err := Reachable(on(t, "gce")); err == nil || !strings.Contains(err.Error(), "provision.gce.ssh_cidrs is empty") {
		t.Errorf("got %v", err)
	}
	if err := Reachable(on(t, "gce", "provision.gce.ssh_cidrs=203.0.113.7/32", "provision.gce.api_cidrs=")); err == nil || !strings.Contains(err.Error(), "api_cidrs is empty") {
		t.Errorf("got %v", err)
	}
	for _, cfg := range []config.Cluster{config.Default(), on(t, "gce", "provision.gce.ssh_cidrs=203.0.113.7/32")} {
		if err := Reachable(cfg); err != nil {
			t.Error(err)
		}
	}
}
