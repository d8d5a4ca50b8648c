package bootstrap

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	ignition "github.com/coreos/ignition/v2/config/v3_4"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/golden"
	"turnup.dev/kubectl-turnup/internal/machines"
)

func onePlusTwo() machines.File {
	docker := func(name string) machines.Transport {
		return machines.Transport{Docker: &machines.Docker{Container: name}}
	}
	return machines.New("172.30.0.11:6443", []machines.Machine{
		{Name: "demo-control-plane-0", Role: machines.ControlPlane, Address: "172.30.0.11", Transport: docker("demo-control-plane-0")},
		{Name: "demo-worker-0", Role: machines.Worker, Address: "172.30.0.21", Transport: docker("demo-worker-0")},
		{Name: "demo-worker-1", Role: machines.Worker, Address: "172.30.0.22", Transport: docker("demo-worker-1"),
			Labels: map[string]string{"pool": "default"}},
	})
}

func render(t *testing.T, cfg config.Cluster, file machines.File) []Rendered {
	t.Helper()
	list, err := Render(cfg, file, pki.Placeholder(file.WithRole(machines.ControlPlane)))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestOnePlusTwoMachinesRenderAsTheGoldenFilesSay(t *testing.T) {
	for _, r := range render(t, config.Default(), onePlusTwo()) {
		golden.Check(t, filepath.Join("testdata", "golden", r.Machine.Name+".json"), string(r.Ignition))
		for _, f := range r.Files {
			golden.Check(t, filepath.Join("testdata", "golden", r.Machine.Name, filepath.FromSlash(f.Path)), string(f.Content))
		}
	}
}

func TestAKubeletIsAContainerOfDockerIfTheConfigSaysSo(t *testing.T) {
	cfg := config.Default()
	cfg.Bootstrap.ContainerRuntime = "docker"
	worker := render(t, cfg, onePlusTwo())[1]
	for _, f := range worker.Files {
		if strings.HasSuffix(f.Path, "/kubelet.service") {
			golden.Check(t, filepath.Join("testdata", "golden", "docker-worker", filepath.FromSlash(f.Path)), string(f.Content))
		}
	}
	if worker.dockerImage == "" || render(t, config.Default(), onePlusTwo())[1].dockerImage != "" {
		t.Error("who gets Docker is not what the config says")
	}
}

func TestTheSameInputRendersTheSameBytes(t *testing.T) {
	first, second := render(t, config.Default(), onePlusTwo()), render(t, config.Default(), onePlusTwo())
	for i := range first {
		if !bytes.Equal(first[i].Ignition, second[i].Ignition) {
			t.Errorf("%s differs between two renders", first[i].Machine.Name)
		}
	}
}

func TestIgnitionItselfAcceptsEveryConfigWithoutAWarning(t *testing.T) {
	for _, r := range render(t, config.Default(), onePlusTwo()) {
		_, report, err := ignition.Parse(r.Ignition)
		if err != nil || len(report.Entries) > 0 {
			t.Errorf("%s: %v\n%s", r.Machine.Name, err, report.String())
		}
	}
}

func TestEveryManifestAndConfigIsYAML(t *testing.T) {
	for _, r := range render(t, config.Default(), onePlusTwo()) {
		for _, f := range r.Files {
			if !strings.HasSuffix(f.Path, ".yaml") && !strings.HasSuffix(f.Path, "kubeconfig") {
				continue
			}
			var object map[string]any
			if err := yaml.UnmarshalStrict(f.Content, &object); err != nil {
				t.Errorf("%s: %s: %v", r.Machine.Name, f.Path, err)
			}
			if object["kind"] == nil || object["apiVersion"] == nil {
				t.Errorf("%s: %s has no kind or apiVersion", r.Machine.Name, f.Path)
			}
		}
	}
}

func TestAWorkerHoldsNoKeyButItsToken(t *testing.T) {
	file := onePlusTwo()
	for _, r := range render(t, config.Default(), file)[1:] {
		for _, f := range r.Files {
			if strings.Contains(string(f.Content), ".key>") {
				t.Errorf("%s: %s holds a private key", r.Machine.Name, f.Path)
			}
			hasToken := strings.Contains(string(f.Content), "<token secret>")
			if want := f.Path == "/etc/kubernetes/bootstrap-kubeconfig"; hasToken != want {
				t.Errorf("%s: %s: token in it is %v, want %v", r.Machine.Name, f.Path, hasToken, want)
			}
		}
	}
}

func TestKeysAreReadableByTheirOwnComponentOnly(t *testing.T) {
	owners := map[string]int{
		"etcd": uidEtcd, "kube-apiserver": uidAPIServer,
		"kube-controller-manager": uidControllerManager, "kube-scheduler": uidScheduler,
	}
	for _, f := range render(t, config.Default(), onePlusTwo())[0].Files {
		rest, ok := strings.CutPrefix(f.Path, "/etc/kubernetes/")
		if !ok {
			continue
		}
		component, _, _ := strings.Cut(rest, "/")
		if uid, ok := owners[component]; ok && (f.UID != uid || f.Mode != 0o400) {
			t.Errorf("%s is owned by %d with mode %o, want %d and 400", f.Path, f.UID, f.Mode, uid)
		}
		if strings.Contains(string(f.Content), ".key>") && f.Mode&0o077 != 0 {
			t.Errorf("%s holds a key and has mode %o", f.Path, f.Mode)
		}
	}
}

func TestADirectoryOnTheNodeIsNeverOverwritten(t *testing.T) {
	var cfg struct {
		Storage struct {
			Directories []struct {
				Path      string
				Overwrite bool
			}
			Files []struct {
				Path      string
				Overwrite bool
			}
		}
	}
	if err := json.Unmarshal(render(t, config.Default(), onePlusTwo())[0].Ignition, &cfg); err != nil {
		t.Fatal(err)
	}
	if len(cfg.Storage.Directories) == 0 {
		t.Fatal("no directories")
	}
	for _, d := range cfg.Storage.Directories {
		if d.Overwrite {
			t.Errorf("%s would be emptied by a second bootstrap", d.Path)
		}
	}
	for _, f := range cfg.Storage.Files {
		if !f.Overwrite {
			t.Errorf("%s would stop a second bootstrap", f.Path)
		}
	}
}

func TestOptionsReachTheControlPlane(t *testing.T) {
	gated := func(c *config.Cluster) { c.Bootstrap.FeatureGates = "A=true,B=false" }
	cases := []struct {
		name   string
		edit   func(*config.Cluster)
		path   string
		want   string
		absent bool
	}{
		{"audit off leaves out the policy flag", func(c *config.Cluster) { c.Bootstrap.Audit = false },
			"/etc/kubernetes/manifests/kube-apiserver.yaml", "--audit-policy-file", true},
		{"audit is on by default", func(*config.Cluster) {},
			"/etc/kubernetes/manifests/kube-apiserver.yaml", "--audit-policy-file", false},
		{"encryption off leaves out the provider", func(c *config.Cluster) { c.Bootstrap.Encryption = false },
			"/etc/kubernetes/manifests/kube-apiserver.yaml", "--encryption-provider-config", true},
		{"the pod range reaches the controller manager", func(c *config.Cluster) { c.Network.PodCIDR = "10.9.0.0/16" },
			"/etc/kubernetes/manifests/kube-controller-manager.yaml", "--cluster-cidr=10.9.0.0/16", false},
		{"the service range moves the DNS address", func(c *config.Cluster) { c.Network.ServiceCIDR = "10.99.0.0/16" },
			"/etc/kubernetes/kubelet.yaml", "10.99.0.10", false},
		{"a registry rewrites the pause image too", func(c *config.Cluster) { c.Bootstrap.Registry = "mirror.example:5000" },
			"/etc/containerd/conf.d/20-turnup.toml", `sandbox = "mirror.example:5000/pause:`, false},
		{"feature gates reach the API server", gated, "/etc/kubernetes/manifests/kube-apiserver.yaml", "    - --feature-gates=A=true,B=false\n", false},
		{"feature gates reach the controller manager", gated, "/etc/kubernetes/manifests/kube-controller-manager.yaml", "    - --feature-gates=A=true,B=false\n", false},
		{"feature gates reach the scheduler", gated, "/etc/kubernetes/manifests/kube-scheduler.yaml", "    - --feature-gates=A=true,B=false\n", false},
		{"feature gates reach the kubelet", gated, "/etc/kubernetes/kubelet.yaml", "featureGates:\n  A: true\n  B: false\n", false},
		{"no feature gates, no flag", func(*config.Cluster) {}, "/etc/kubernetes/manifests/kube-apiserver.yaml", "--feature-gates", true},
		{"anonymous requests are for health only", func(*config.Cluster) {},
			"/etc/kubernetes/kube-apiserver/authentication.yaml", "path: /readyz", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg := config.Default()
			c.edit(&cfg)
			for _, f := range render(t, cfg, onePlusTwo())[0].Files {
				if f.Path != c.path {
					continue
				}
				if strings.Contains(string(f.Content), c.want) == c.absent {
					t.Errorf("%s: contains %q is %v\n%s", c.path, c.want, c.absent, f.Content)
				}
				return
			}
			t.Errorf("%s is not rendered", c.path)
		})
	}
}

func TestNoFileOfBootstrapNamesANetworkProvider(t *testing.T) {
	cfg := config.Default()
	before := render(t, cfg, onePlusTwo())
	cfg.Network.Provider = "none"
	after := render(t, cfg, onePlusTwo())
	for i := range before {
		if !bytes.Equal(before[i].Ignition, after[i].Ignition) {
			t.Errorf("%s depends on network.provider", before[i].Machine.Name)
		}
		if strings.Contains(string(before[i].Ignition), "flannel") {
			t.Errorf("%s names flannel", before[i].Machine.Name)
		}
	}
}

func TestRenewedKeysMakeOnlyTheirOwnPodAnew(t *testing.T) {
	file := onePlusTwo()
	keys := pki.Placeholder(file.WithRole(machines.ControlPlane))
	before, err := Render(config.Default(), file, keys)
	if err != nil {
		t.Fatal(err)
	}
	renewed := keys.ControlPlanes["demo-control-plane-0"]
	renewed.Scheduler.Cert = []byte("<renewed>\n")
	keys.ControlPlanes["demo-control-plane-0"] = renewed
	after, err := Render(config.Default(), file, keys)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range before[0].Files {
		if !strings.Contains(f.Path, "/manifests/") {
			continue
		}
		changed := !bytes.Equal(f.Content, after[0].Files[i].Content)
		if want := strings.HasSuffix(f.Path, "kube-scheduler.yaml"); changed != want {
			t.Errorf("%s changed is %v, want %v", f.Path, changed, want)
		}
	}
}

func TestEtcdsOwnDiskIsMountedBeforeItsKubeletStarts(t *testing.T) {
	file := onePlusTwo()
	file.Machines[0].EtcdDevice = "/dev/disk/by-id/demo-etcd-0"
	list := render(t, config.Default(), file)
	mount := content(t, list[0], "/etc/systemd/system/var-lib-etcd.mount")
	if !strings.Contains(mount, "What=/dev/disk/by-id/demo-etcd-0\nWhere=/var/lib/etcd\n") {
		t.Errorf("the mount is\n%s", mount)
	}
	for i, want := range []bool{true, false, false} {
		unit := content(t, list[i], "/etc/systemd/system/kubelet.service")
		if strings.Contains(unit, "RequiresMountsFor=/var/lib/etcd") != want {
			t.Errorf("%s: requires the mount is not %v", list[i].Machine.Name, want)
		}
	}
}
