package tree

import (
	"slices"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/addons"
	"turnup.dev/kubectl-turnup/internal/config"
)

func TestADriverIsCalledAsItsAddonRegistersIt(t *testing.T) {
	for platform, parts := range cloudAddons {
		text, err := addons.FS.ReadFile(parts.disks + "/storageclass.yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"\n  name: " + parts.driver + "\n", "\nprovisioner: " + parts.driver + "\n"} {
			if !strings.Contains(string(text), line) {
				t.Errorf("on %s there is no %q", platform, strings.TrimSpace(line))
			}
		}
	}
}

func TestNothingServesCoreDNSWhereThereIsNone(t *testing.T) {
	cfg := config.Default()
	cfg.Addons.CoreDNSAutoscaler, cfg.Addons.NodeLocalDNS = true, true
	for _, coredns := range []bool{true, false} {
		cfg.Addons.CoreDNS = coredns
		enabled := Enabled(cfg)
		for _, addon := range []string{"coredns", "coredns-autoscaler", "node-local-dns"} {
			if slices.Contains(enabled, addon) != coredns {
				t.Errorf("CoreDNS: %v, and the addons are %v", coredns, enabled)
			}
		}
	}
}
