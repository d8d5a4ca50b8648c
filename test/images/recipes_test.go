package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/images"
)

func TestEveryComponentHasOneRecipe(t *testing.T) {
	count := map[images.Component]int{}
	for _, r := range recipes() {
		count[r.Component]++
		if ref(r.Component) == "" {
			t.Errorf("%s is no component", r.Component)
		}
	}
	// What talks to a cloud has nothing to talk to here: nobody could run it. The
	// others are C, or Go that is in no module here.
	foreign := []string{"calico", "cilium", "coredns-autoscaler", "node-local-dns", "aws-cloud-controller", "aws-ebs-csi", "gce-cloud-controller", "gce-pd-csi", "azure-cloud-controller", "azure-disk-csi", "snapshots"}
	for _, image := range images.For(minor, "").All() {
		if image.IsOf(foreign) {
			continue
		}
		if strings.HasPrefix(string(image.Component), "fluentd-") || image.Component == images.Headlamp {
			continue // Ruby: fluentd-stand-in takes its place. The other is mostly a web page, of npm's packages.
		}
		if count[image.Component] != 1 {
			t.Errorf("%s has %d recipes", image.Component, count[image.Component])
		}
	}
}

func TestEveryBinaryIsAProgramOnAKnownBase(t *testing.T) {
	for _, r := range recipes() {
		for path, name := range r.Binaries {
			if _, known := programs()[name]; !known {
				t.Errorf("%s: %s is made from %q, which is no program", r.Component, path, name)
			}
		}
		if r.Base != "static" && packages()[r.Base] == nil {
			t.Errorf("%s: there is no base %q", r.Component, r.Base)
		}
		for _, name := range r.Binaries {
			if r.Base == "static" && len(programs()[name].CGO) > 0 {
				t.Errorf("%s: %s links libraries, and the base has none", r.Component, name)
			}
		}
	}
}

func TestATagIsTheVersionOfTheModule(t *testing.T) {
	mod, err := os.ReadFile("modules/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for module, c := range map[string]images.Component{
		"k8s.io/kubernetes":                         images.Kubelet,
		"go.etcd.io/etcd/server/v3":                 images.Etcd,
		"go.etcd.io/etcd/etcdctl/v3":                images.Etcd,
		"github.com/coredns/coredns":                images.CoreDNS,
		"github.com/flannel-io/flannel":             images.Flannel,
		"github.com/coreos/ignition/v2":             "",
		"turnup.dev/flannel-cni-plugin":             "",
		"github.com/opencontainers/runc":            "",
		"github.com/containerd/containerd/v2":       "",
		"sigs.k8s.io/metrics-server":                images.MetricsServer,
		"github.com/rancher/local-path-provisioner": images.LocalPath,
	} {
		found := regexp.MustCompile(`(?m)^\s+` + regexp.QuoteMeta(module) + ` (v\S+)`).FindStringSubmatch(string(mod))
		if found == nil {
			t.Errorf("modules/go.mod does not require %s", module)
			continue
		}
		want := strings.TrimPrefix(found[1], "v")
		if module == "github.com/coreos/ignition/v2" && want != ignition {
			t.Errorf("Ignition is %s, and says it is %s", want, ignition)
		}
		if c == "" {
			continue
		}
		_, tag, _ := strings.Cut(ref(c), ":")
		if !strings.HasPrefix(strings.TrimPrefix(tag, "v"), want) {
			t.Errorf("%s is built from %s %s", ref(c), module, want)
		}
	}
}

func TestAnUnknownComponentListsTheKnown(t *testing.T) {
	_, err := choose("pause,kubelt")
	if err == nil || !strings.Contains(err.Error(), `"kubelt"`) || !strings.Contains(err.Error(), "kubelet") {
		t.Errorf("got %v", err)
	}
}

func TestMaskedUnitsAreNamesOfUnits(t *testing.T) {
	p := plan{files: files{}}
	if err := p.mask(filepath.Join("../..", "terraform/local/image/masked-units")); err != nil {
		t.Fatal(err)
	}
	for name, e := range p.files {
		if e.link == "/dev/null" && !regexp.MustCompile(`^etc/systemd/system/[\w@-]+\.(service|socket|timer|target|mount|automount|path)$`).MatchString(name) {
			t.Errorf("%q is no unit", name)
		}
	}
	if p.files["etc/systemd/system/systemd-udevd.service"].link != "/dev/null" {
		t.Error("udev is not masked")
	}
}
