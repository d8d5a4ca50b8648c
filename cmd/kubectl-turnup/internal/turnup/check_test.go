package turnup

import (
	"slices"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/bootstrap/preflight"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/tree"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestAPreflightSaysAllThatIsWrongAtOnce(t *testing.T) {
	report := Report{Findings: []preflight.Finding{
		{Machine: "a", Level: preflight.Error, Check: "disk", Message: "97 MiB are free on /var", Hint: "free some"},
		{Machine: "a", Level: preflight.Error, Check: "arch", Message: "its processor is riscv64"},
		{Machine: "b", Level: preflight.Warning, Check: "swap", Message: "it has swap"},
		{Machine: "b", Level: preflight.Error, Check: "clock", Message: "its clock is 1h0m0s behind"},
	}}
	const want = `2 hosts cannot become a node, and nothing was changed on any of them:
a: 97 MiB are free on /var (free some)
a: its processor is riscv64
b: its clock is 1h0m0s behind`
	err := report.err()
	if err == nil || err.Error() != want || !strings.Contains(ui.HintOf(err), "machines check") {
		t.Errorf("%v, hint %q", err, ui.HintOf(err))
	}
	if err := (Report{Findings: report.Findings[2:3]}).err(); err != nil {
		t.Errorf("a warning is no error: %v", err)
	}
}

func TestAHostBehindAProxyIsAskedForTheProxy(t *testing.T) {
	for _, c := range []struct{ http, https, exceptions, bundle, want string }{
		{want: "docker.io ghcr.io registry.k8s.io through "},
		{https: "http://proxy.example.com", want: " through proxy.example.com:80"},
		{https: "http://proxy.example.com:3128", exceptions: "registry.k8s.io", want: "registry.k8s.io through proxy.example.com:3128"},
		{http: "http://proxy.example.com:3128", want: "docker.io ghcr.io registry.k8s.io through "},
		{https: "http://proxy.example.com", bundle: "bundle", want: " through "},
	} {
		cfg := config.Default()
		cfg.Bootstrap.Bundle, cfg.Bootstrap.Proxy = c.bundle, config.Proxy{HTTP: c.http, HTTPS: c.https, Exceptions: c.exceptions}
		outside := outsideOf(cfg)
		slices.Sort(outside.Registries)
		if got := strings.Join(outside.Registries, " ") + " through " + strings.Join(outside.Proxies, " "); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

const twoHosts = `{"apiVersion":"turnup.dev/v1alpha1","kind":"Machines","endpoint":"192.0.2.1:6443","machines":[
 {"name":"p","role":"control-plane","address":"192.0.2.1","transport":{"ssh":{"identityFile":"keys/id"}}},
 {"name":"w","role":"worker","address":"192.0.2.2","transport":{"ssh":{"user":"core","port":2222}}}]}`

func TestMachinesThatExistAreTakenFromTheUsersFile(t *testing.T) {
	testdir.Empty(t)
	cfg, err := home.Resolve(home.Request{Base: "clusters", Name: "rack", Set: []string{
		"provision.platform=baremetal", "provision.baremetal.machines_file=racks/r.json", "provision.baremetal.ssh_user=deploy"}})
	if err != nil {
		t.Fatal(err)
	}
	made := &Turnup{Home: home.Of("clusters", "rack"), Config: cfg, Out: ui.New(&strings.Builder{}, ui.Options{})}
	err = made.Provision(t.Context())
	if err == nil || !strings.Contains(err.Error(), "racks/r.json: no machines file") || !strings.Contains(ui.HintOf(err), "schema --example") {
		t.Fatalf("%v, hint %q", err, ui.HintOf(err))
	}
	testdir.Write(t, "racks/r.json", twoHosts)
	if err := made.Provision(t.Context()); err != nil {
		t.Fatal(err)
	}
	file, err := made.Home.ReadMachines()
	if err != nil {
		t.Fatal(err)
	}
	p, w := file.Machines[0].Transport.SSH, file.Machines[1].Transport.SSH
	if p.User != "deploy" || p.Port != 22 || !strings.HasSuffix(p.IdentityFile, "/racks/keys/id") || w.User != "core" || w.Port != 2222 {
		t.Errorf("%+v %+v", p, w)
	}
	if nodes(file) != 2 || tree.ManagerReplicas(file) != 1 {
		t.Errorf("%d nodes, %d managers", nodes(file), tree.ManagerReplicas(file))
	}
	// A host that just vanishes from the file would be forgotten with all that is on it.
	testdir.Write(t, "racks/r.json", strings.Replace(twoHosts, `"name":"w"`, `"name":"other"`, 1))
	err = made.Provision(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no longer names w") || !strings.Contains(ui.HintOf(err), "machines reset w") {
		t.Errorf("%v, hint %q", err, ui.HintOf(err))
	}
	testdir.Write(t, "racks/r.json", strings.Replace(twoHosts, "192.0.2.2", "192.0.2.3", 1))
	if err = made.Provision(t.Context()); err == nil || !strings.Contains(err.Error(), "the address of w is another") {
		t.Errorf("%v", err)
	}
}
