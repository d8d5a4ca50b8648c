package terraform_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/golden"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/terraform"
)

// clouds are the platforms whose modules need an account.
var clouds = []string{"aws", "azure", "gce"}

// configs is the matrix: what is asked for, the same on every cloud. P is the
// platform's name, ABC are its first three zones.
var configs = []struct {
	name string
	set  []string
}{
	{"one", nil},
	{"three", []string{"provision.control_planes=3", "provision.P.zones=ABC"}},
	{"small", []string{"provision.P.load_balancer=false", "provision.workers=0"}},
	{"pools", []string{"provision.pools=gpu count=1 type=TYPE disk=200 spot labels=gpu=yes,tier=hot taints=gpu=yes:NoSchedule; cache count=4 type=CHEAP labels=tier=cache"}},
	{"arm64-debian", []string{"provision.P.arch=arm64", "provision.P.image=debian"}},
	{"flatcar-ranges", []string{"provision.P.image=flatcar", "provision.P.subnet=10.64.32.0/20", "network.pod_cidr=10.128.0.0/14", "network.service_cidr=10.96.0.0/16"}},
	{"closed", []string{"provision.P.api_cidrs=198.51.100.0/24,203.0.113.7/32", "provision.P.ssh_cidrs=203.0.113.7/32", "provision.P.zones=ABC"}},
}

// TestClouds makes a cluster of every kind on every cloud, with the real tool and
// the real schema, and removes it. What was made is in testdata/plans.
func TestClouds(t *testing.T) {
	for _, platform := range clouds {
		for _, c := range configs {
			t.Run(platform+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				cfg := configure(t, platform, c.set)
				s := newSite(t)
				ok(t, s.Prepare(cfg, inputs(t, cfg)))
				if os.Getenv(realProviders) != "" && os.Getenv(realApply) == "" {
					s.plansWhatIsExpected(t, platform, c.name)
					return
				}
				file, err := s.Apply(t.Context())
				t.Cleanup(func() { s.destroy(t) })
				ok(t, err)
				fits(t, cfg, file)
				s.planIsEmpty(t, "right after apply")
				if s.world != "" {
					golden.Check(t, planFile(platform, c.name), s.shape(t, planFile(platform, "one"), c.name != "one"))
				}
			})
		}
	}
}

// TestLocal does the same with the module of this computer, which tests with the
// real provider and Docker are about as well (machines_test.go).
func TestLocal(t *testing.T) {
	for name, set := range map[string][]string{
		"one":   {"provision.workers=1"},
		"three": {"provision.control_planes=3", "provision.workers=1"},
		"range": {"provision.workers=1", "provision.local.subnet=10.9.0.0/20"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			if s.world == "" {
				t.Skip("SKIPPED: machines_test.go has the real provider")
			}
			cfg := with(t, set...)
			ok(t, s.Prepare(cfg, terraform.Inputs{Image: "sha256:0123", MTU: 1400}))
			file, err := s.Apply(t.Context())
			ok(t, err)
			ok(t, file.Validate())
			s.planIsEmpty(t, "right after apply")
			golden.Check(t, planFile("local", name), s.shape(t, planFile("local", "one"), name != "one"))
			s.destroy(t)
		})
	}
}

func planFile(platform, name string) string {
	return filepath.Join("testdata", "plans", platform, name+".txt")
}

// configure is a config of the matrix; in what is set, P is the platform and words in capitals are its words.
func configure(t testing.TB, platform string, set []string) config.Cluster {
	t.Helper()
	zones := map[string]string{"aws": "a,b,c", "gce": "a,b,c", "azure": "1,2,3"}[platform]
	more := map[string]string{"aws": "a,b", "gce": "b,c", "azure": "1,2"}[platform]
	kind := map[string]string{"aws": "g5.xlarge", "gce": "g2-standard-4", "azure": "Standard_NC4as_T4_v3"}[platform]
	all := []string{"provision.platform=" + platform}
	cheap := map[string]string{"aws": "t3.small", "gce": "e2-small", "azure": "Standard_B1ms"}[platform]
	words := strings.NewReplacer(".P.", "."+platform+".", "ABC", zones, "TYPE", kind, "CHEAP", cheap, "MORE", more)
	for _, assignment := range set {
		all = append(all, words.Replace(assignment))
	}
	return with(t, all...)
}

// inputs are those that the rest of turnup would make.
func inputs(t testing.TB, cfg config.Cluster) terraform.Inputs {
	t.Helper()
	in := terraform.Inputs{SSHPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDemoDemoDemoDemoDemoDemoDemoDemoDemoDemo demo", UserData: map[string]string{}}
	if cfg.Provision.Platform == "azure" {
		in.SSHPublicKey = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7demo demo"
	}
	pools, err := config.WorkerPools(cfg)
	ok(t, err)
	for _, p := range pools {
		in.UserData[p.Name] = "#!/bin/sh\njoin https://endpoint.turnup.invalid:6443 as " + p.Name + "\n"
	}
	return in
}

// fits says that the machines are those of the config.
func fits(t *testing.T, cfg config.Cluster, file machines.File) {
	t.Helper()
	ok(t, file.Validate())
	if got := len(file.WithRole(machines.ControlPlane)); got != cfg.Provision.ControlPlanes || len(file.Machines) != got {
		t.Errorf("there are %d control planes of %d machines, want %d", got, len(file.Machines), cfg.Provision.ControlPlanes)
	}
	for _, m := range file.Machines {
		if m.Transport.SSH == nil || m.Transport.SSH.IdentityFile != "pki/ssh" || m.Transport.SSH.User == "" {
			t.Errorf("%s is reached by %+v", m.Name, m.Transport)
		}
	}
	for _, fact := range map[string][]string{"azure": {"subscription", "tenant", "identity"}}[cfg.Provision.Platform] {
		if file.Cloud[fact] == "" || strings.Contains(file.Cloud[fact], "/") {
			t.Errorf("the cloud's %s is %q", fact, file.Cloud[fact])
		}
	}
	pools, err := config.WorkerPools(cfg)
	ok(t, err)
	want := map[string]string{}
	for _, p := range pools {
		want[cfg.Cluster.Name+"-"+p.Name] = fmt.Sprint(p.Count, p.Labels, p.Taints)
	}
	for _, g := range file.Groups {
		if got := fmt.Sprint(g.Count, g.Labels, g.Taints); got != want[g.Name] {
			t.Errorf("the group %s is %s, want %s", g.Name, got, want[g.Name])
		}
		delete(want, g.Name)
	}
	if len(want) > 0 {
		t.Errorf("there are no groups %v", want)
	}
}

// destroy removes everything, and nothing may be left.
func (s *site) destroy(t *testing.T) {
	t.Helper()
	if err := s.Destroy(context.WithoutCancel(t.Context())); err != nil { // after the test it is cancelled
		t.Error(err)
	}
	if s.world != "" && !t.Failed() {
		s.isEmpty(t, "after destroy")
	}
}
