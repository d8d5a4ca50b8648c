package home

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestNothingConfiguredMeansAllDefaults(t *testing.T) {
	testdir.Empty(t)
	cfg, err := Resolve(Request{Base: "clusters"})
	if err != nil || cfg != config.Default() {
		t.Errorf("got %+v, %v", cfg, err)
	}
}

func TestTheConfigComesFromTheNearestPlace(t *testing.T) {
	stored := testdir.Edited(func(c *config.Cluster) { c.Provision.Workers = 1; c.Bootstrap.Bundle = "/images" })
	cases := []struct {
		name  string
		files map[string]string
		req   Request
		want  int
	}{
		{"an existing cluster keeps what it was created with", nil, Request{}, 1},
		{"a name finds its own cluster", nil, Request{Name: "demo"}, 1},
		{".config.json goes before that", map[string]string{".config.json": `{"provision":{"workers":3}}`}, Request{}, 3},
		{"--config goes before .config.json", map[string]string{
			".config.json": `{"provision":{"workers":3}}`, "other.json": `{"provision":{"workers":4}}`,
		}, Request{ConfigFile: "other.json"}, 4},
		{"--config - is stdin", nil, Request{ConfigFile: "-", Stdin: strings.NewReader(`{"provision":{"workers":5}}`)}, 5},
		{"--set goes last", map[string]string{".config.json": `{"provision":{"workers":3}}`}, Request{Set: []string{"provision.workers=6"}}, 6},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			testdir.Empty(t, stored)
			for name, text := range c.files {
				testdir.Write(t, name, text)
			}
			c.req.Base = "clusters"
			cfg, err := Resolve(c.req)
			if err != nil {
				t.Fatal(err)
			}
			if cfg.Provision.Workers != c.want {
				t.Errorf("workers %d, want %d", cfg.Provision.Workers, c.want)
			}
			if cfg.Bootstrap.Bundle != "/images" {
				t.Errorf("the bundle the machines came from is forgotten: %q", cfg.Bootstrap.Bundle)
			}
		})
	}
}

func TestWhatCannotChangeBelowACluster(t *testing.T) {
	testdir.Empty(t, config.Default())
	_, err := Resolve(Request{Base: "clusters", Set: []string{
		"network.pod_cidr=10.99.0.0/16", "provision.local.subnet=172.29.0.0/24",
	}})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"network.pod_cidr", "provision.local.subnet"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if hint := ui.HintOf(err); !strings.Contains(hint, "delete demo") {
		t.Errorf("hint %q does not say what to do", hint)
	}
	for _, scale := range []string{"provision.workers=3", "provision.workers=1", "provision.control_planes=3"} {
		if _, err := Resolve(Request{Base: "clusters", Set: []string{scale}}); err != nil {
			t.Errorf("%s is refused: %v", scale, err)
		}
	}
}

func TestFindMeansTheOnlyClusterOrTheNamedOne(t *testing.T) {
	one := config.Default()
	two := testdir.Edited(func(c *config.Cluster) { c.Cluster.Name = "two" })
	testdir.Empty(t, two)
	if home, _, err := Find(Request{Base: "clusters"}); err != nil || filepath.Base(home.Dir) != "two" {
		t.Errorf("the only cluster: %v, %v", home, err)
	}
	testdir.Empty(t, one, two)
	if home, _, err := Find(Request{Base: "clusters", Name: "two"}); err != nil || filepath.Base(home.Dir) != "two" {
		t.Errorf("the named cluster: %v, %v", home, err)
	}
	_, _, err := Find(Request{Base: "clusters", Name: "three"})
	if err == nil || !strings.Contains(ui.HintOf(err), "demo, two") {
		t.Errorf("got %v (%s), want the clusters there are", err, ui.HintOf(err))
	}
}

func TestOneTurnupAtATimeWorksOnACluster(t *testing.T) {
	testdir.Empty(t, config.Default())
	home := Of("clusters", "demo")
	unlock, err := home.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := home.Lock(); err == nil || !strings.Contains(err.Error(), "another kubectl turnup") {
		t.Errorf("a second lock: %v", err)
	}
	unlock()
	again, err := home.Lock()
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestACorruptRecordSaysWhatItIs(t *testing.T) {
	testdir.Empty(t, config.Default())
	if err := os.WriteFile("clusters/demo/config.json", []byte(`{"cluster":`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Resolve(Request{Base: "clusters"})
	if err == nil || !strings.Contains(err.Error(), "clusters/demo/config.json") {
		t.Errorf("got %v, want the file named", err)
	}
	if _, _, err := Find(Request{Base: "clusters"}); err == nil {
		t.Error("it passes for a config")
	}
	home, cfg, err := FindDoomed(Request{Base: "clusters"})
	if err != nil || cfg.Cluster.Name != "demo" || filepath.Base(home.Dir) != "demo" {
		t.Errorf("it cannot be deleted any more: %v, %v", home, err)
	}
	testdir.Write(t, "config.json", "{}") // here, and of no cluster
	if _, _, err := FindDoomed(Request{Base: "clusters", Name: "none"}); err == nil {
		t.Error("a cluster that is not there is found")
	}
}
