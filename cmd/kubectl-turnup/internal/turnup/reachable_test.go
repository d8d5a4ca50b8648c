package turnup

import (
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/config"
)

func TestACloudThatKeepsUsOutIsRefusedBeforeAnythingIsMade(t *testing.T) {
	if err := Reachable(testdir.On(t, "gce")); err == nil || !strings.Contains(err.Error(), "provision.gce.ssh_cidrs is empty") {
		t.Errorf("got %v", err)
	}
	if err := Reachable(testdir.On(t, "gce", "provision.gce.ssh_cidrs=203.0.113.7/32", "provision.gce.api_cidrs=")); err == nil || !strings.Contains(err.Error(), "api_cidrs is empty") {
		t.Errorf("got %v", err)
	}
	for _, cfg := range []config.Cluster{config.Default(), testdir.On(t, "gce", "provision.gce.ssh_cidrs=203.0.113.7/32")} {
		if err := Reachable(cfg); err != nil {
			t.Error(err)
		}
	}
}
