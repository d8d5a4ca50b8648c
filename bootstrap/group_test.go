package bootstrap

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	ignition "github.com/coreos/ignition/v2/config/v3_4"

	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/golden"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// on is a config of a platform.
func on(t *testing.T, platform string, assignments ...string) config.Cluster {
	t.Helper()
	cfg := config.Default()
	if err := config.Set(&cfg, append([]string{"provision.platform=" + platform}, assignments...)...); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func gpus() machines.Group {
	return machines.Group{
		Name: "demo-gpu", Count: 3, Subnets: []string{"10.0.0.0/16"},
		Labels: map[string]string{"gpu": "a100", "node-role.kubernetes.io/gpu": ""},
		Taints: []string{"dedicated=gpu:NoSchedule", "spot=:PreferNoSchedule"},
	}
}

func renderGroup(t *testing.T, cfg config.Cluster, g machines.Group) Rendered {
	t.Helper()
	r, err := RenderGroup(cfg, pki.Placeholder(nil), g)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAGroupRendersAsTheGoldenFilesSay(t *testing.T) {
	for _, f := range renderGroup(t, on(t, "aws", "provision.aws.image=flatcar"), gpus()).Files {
		golden.Check(t, filepath.Join("testdata", "golden", "demo-gpu", filepath.FromSlash(f.Path)), string(f.Content))
	}
}

func TestIgnitionItselfAcceptsAGroupsConfig(t *testing.T) {
	for name, cfg := range map[string]config.Cluster{
		"local": on(t, "local"), "aws": on(t, "aws"), "gce": on(t, "gce"), "azure": on(t, "azure"),
		"aws, Flatcar": on(t, "aws", "provision.aws.image=flatcar"),
	} {
		_, report, err := ignition.Parse(renderGroup(t, cfg, gpus()).Ignition)
		if err != nil || len(report.Entries) > 0 {
			t.Errorf("%s: %v\n%s", name, err, report.String())
		}
	}
}

// What differs between two platforms is which metadata server is asked, and
// that a disk of this computer is nobody's.
func TestAGroupsFilesDifferBetweenPlatformsInDeclaredInputsOnly(t *testing.T) {
	aws := renderGroup(t, on(t, "aws"), gpus())
	for _, platform := range []string{"gce", "azure", "local"} {
		other := renderGroup(t, on(t, platform), gpus())
		if len(other.Files) != len(aws.Files) {
			t.Fatalf("%s has %d files, aws %d", platform, len(other.Files), len(aws.Files))
		}
		for i, f := range other.Files {
			want := string(aws.Files[i].Content)
			cloud := platform
			if platform == "local" {
				cloud = "none"
			}
			want = strings.Replace(want, "identify aws demo-gpu", "identify "+cloud+" demo-gpu", 1)
			if f.Path == "/etc/kubernetes/kubelet.yaml" && platform == "local" {
				continue // SharedDisk
			}
			if string(f.Content) != want {
				t.Errorf("%s: %s is another file than on aws:\n%s", platform, f.Path, f.Content)
			}
		}
	}
}

func TestAMachineInACloudHasItsNameAndAsksForItsID(t *testing.T) {
	file := onePlusTwo()
	list, err := Render(on(t, "gce"), file, pki.Placeholder(file.WithRole(machines.ControlPlane)))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		unit := content(t, r, "/etc/systemd/system/kubelet.service")
		for _, want := range []string{"identify gce\n", "--provider-id=${TURNUP_PROVIDER_ID}", "--hostname-override=" + r.Machine.Name} {
			if !strings.Contains(unit, want) {
				t.Errorf("%s: %q is not in\n%s", r.Machine.Name, want, unit)
			}
		}
	}
}

func TestAKubeletGivesItselfOnlyLabelsThatItMay(t *testing.T) {
	for key, want := range map[string]bool{
		"gpu": true, "example.com/gpu": true, "node.kubernetes.io/instance-type": true, "topology.kubernetes.io/zone": true,
		"node-role.kubernetes.io/gpu": false, "kubernetes.io/os": false, "node-restriction.kubernetes.io/a": false, "k8s.io/a": false,
	} {
		if got := ownLabel(key); got != want {
			t.Errorf("%s: %v, want %v", key, got, want)
		}
	}
}

func content(t *testing.T, r Rendered, path string) string {
	t.Helper()
	for _, f := range r.Files {
		if f.Path == path {
			return string(f.Content)
		}
	}
	t.Fatalf("%s is not rendered", path)
	return ""
}

func TestTheSameGroupRendersTheSameBytes(t *testing.T) {
	for _, image := range []string{"ubuntu", "flatcar"} {
		cfg := on(t, "azure", "provision.azure.image="+image)
		if !bytes.Equal(userData(t, cfg, gpus()), userData(t, cfg, gpus())) {
			t.Errorf("%s: two renders differ", image)
		}
	}
}
