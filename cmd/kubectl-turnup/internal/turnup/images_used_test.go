package turnup

import (
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/tree"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/images/imagetest"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// ownApp is an addon of the user's, with an image in every place that can have one.
const ownApp = `apiVersion: batch/v1
kind: CronJob
metadata: {name: own, namespace: default}
spec:
  schedule: "* * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          initContainers: [{name: i, image: "own.example.com/init:v1"}]
          containers: [{name: c, image: "own.example.com/main:v1"}]
          volumes: [{name: v, image: {reference: "own.example.com/volume:v1"}}]
`

func imagesOf(t *testing.T, cfg config.Cluster) ImageList {
	t.Helper()
	list, err := planned(cfg).Images()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// planned is a cluster that nobody has made yet.
func planned(cfg config.Cluster) *Turnup {
	dir, _ := filepath.Abs(filepath.Join("clusters", cfg.Cluster.Name))
	return &Turnup{Home: home.Home{Dir: dir}, Config: cfg, Out: ui.New(io.Discard, ui.Options{})}
}

// newTree is where the tree of a cluster with the default config will be.
func newTree(t *testing.T) tree.Tree {
	t.Helper()
	testdir.Apart(t)
	own, err := tree.Open(config.Default(), machines.New(testdir.Endpoint, nil))
	if err != nil {
		t.Fatal(err)
	}
	return own
}

func initTree(t *testing.T, own tree.Tree) {
	t.Helper()
	if made, err := own.Init(t.Context(), config.Default()); err != nil || !made {
		t.Fatalf("made %v, %v", made, err)
	}
}

func (l ImageList) find(t *testing.T, ref string) UsedImage {
	t.Helper()
	i := slices.IndexFunc(l.Images, func(image UsedImage) bool { return image.Ref == ref })
	if i < 0 {
		t.Fatalf("%s is not on the list %v", ref, l.Refs())
	}
	return l.Images[i]
}

func TestTheListIsWhatTheClusterUses(t *testing.T) {
	own := newTree(t)
	list := imagesOf(t, config.Default())
	set := config.Images(config.Default())
	for component, by := range map[images.Component]string{
		images.Pause: "/etc/containerd/conf.d/20-turnup.toml", images.Etcd: "static pod etcd",
		images.KubeAPIServer: "static pod kube-apiserver", images.Kubelet: "/etc/systemd/system/kubelet.service",
		images.CoreDNS: "addon coredns: Deployment kube-system/coredns", images.AddonManager: "addon addon-manager: Deployment turnup-system/addon-manager",
		images.Machine: "machines", images.Bootstrap: "bootstrap of machines",
	} {
		if image := list.find(t, set.Ref(component)); image.Component != string(component) || !slices.Contains(image.UsedBy, by) {
			t.Errorf("%s is used by %q, want %q among it", component, image.UsedBy, by)
		}
	}

	docker := set.Ref(images.DockerRuntime)
	if slices.Contains(list.Refs(), docker) {
		t.Error("Docker is on the list of a cluster that has none")
	}
	cfg := config.Default()
	cfg.Bootstrap.ContainerRuntime = "docker"
	imagesOf(t, cfg).find(t, docker)

	initTree(t, own)
	if err := os.RemoveAll(filepath.Join(own.Dir, "kube-proxy")); err != nil {
		t.Fatal(err)
	}
	testdir.Write(t, filepath.Join(own.Dir, "own/app.yaml"), ownApp)
	list = imagesOf(t, config.Default())
	if slices.Contains(list.Refs(), set.Ref(images.KubeProxy)) {
		t.Error("an addon that is not in the tree is on the list")
	}
	for _, ref := range []string{"own.example.com/init:v1", "own.example.com/main:v1", "own.example.com/volume:v1"} {
		if image := list.find(t, ref); image.Component != "" || image.UsedBy[0] != "addon own: CronJob default/own" {
			t.Errorf("got %+v", image)
		}
	}

	testdir.Write(t, filepath.Join(own.Dir, "own/app.yaml"), "a: [\n")
	if _, err := planned(config.Default()).Images(); err == nil || !strings.Contains(err.Error(), "own/app.yaml") {
		t.Errorf("an addon that cannot be built: %v", err)
	}
}

func TestAMirrorRewritesEveryReferenceOfOurs(t *testing.T) {
	testdir.Apart(t)
	cfg := config.Default()
	cfg.Bootstrap.Registry = "mirror.example.com/k8s"
	cfg.Bootstrap.ImageOverrides = "coredns=own.example.com/dns:v1,pause=own.example.com/pause:v1"
	list := imagesOf(t, cfg)
	for _, ref := range list.Refs() {
		if !strings.HasPrefix(ref, "mirror.example.com/k8s/") && ref != "own.example.com/dns:v1" && ref != "own.example.com/pause:v1" {
			t.Errorf("%s is not from the mirror", ref)
		}
	}
	list.find(t, "own.example.com/dns:v1")
	list.find(t, "own.example.com/pause:v1")
}

// publish starts a registry that has an image for every reference of a cluster
// that pulls from it.
func publish(t *testing.T, without ...images.Component) config.Cluster {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	cfg := config.Default()
	cfg.Bootstrap.Registry = strings.TrimPrefix(server.URL, "http://")
	for _, used := range imagesOf(t, cfg).Images {
		if slices.Contains(without, images.Component(used.Component)) {
			continue
		}
		image := imagetest.Random(t, runtime.GOARCH, 1, 512)
		ref, err := name.ParseReference(used.Ref)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(ref, image); err != nil {
			t.Fatal(err)
		}
	}
	return cfg
}

func TestASavedBundleIsWholeAndADamagedOneIsMended(t *testing.T) {
	testdir.Apart(t)
	cluster := planned(publish(t))
	bundle, err := cluster.SaveImages(t.Context(), "bundle", "")
	if err != nil {
		t.Fatal(err)
	}
	list, err := cluster.VerifyImages(t.Context(), "bundle")
	if err != nil || list.Images[0].Digest == "" {
		t.Fatalf("%v, %+v", err, list.Images[0])
	}
	blobs, err := filepath.Glob("bundle/blobs/sha256/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, blob := range blobs {
		if err := os.Truncate(blob, 1); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := cluster.VerifyImages(t.Context(), "bundle"); err == nil || !strings.Contains(err.Error(), "has 1 bytes instead of") || !strings.Contains(ui.HintOf(err), "images save") {
		t.Errorf("%v\nhint: %s", err, ui.HintOf(err))
	}
	again, err := cluster.SaveImages(t.Context(), "bundle", "")
	if err != nil || again.Digest() != bundle.Digest() || again.Verify() != nil {
		t.Errorf("%v, %v", err, again.Verify())
	}

	mirror := planned(publish(t, images.Components()...)) // an empty one
	pushed, err := cluster.PushImages(t.Context(), "bundle", mirror.Config.Bootstrap.Registry)
	if err != nil || len(pushed) != len(list.Images) {
		t.Fatalf("pushed %v, %v", pushed, err)
	}
	if _, err := mirror.SaveImages(t.Context(), "mirrored", ""); err != nil {
		t.Errorf("a cluster finds nothing in its mirror: %v", err)
	}
}

func TestABundleThatLacksAnImageOrIsForeignSaysWhich(t *testing.T) {
	own := newTree(t)
	cluster := planned(publish(t))
	if _, err := cluster.SaveImages(t.Context(), "bundle", ""); err != nil {
		t.Fatal(err)
	}
	initTree(t, own)
	testdir.Write(t, filepath.Join(own.Dir, "own/app.yaml"), ownApp)
	_, err := cluster.VerifyImages(t.Context(), "bundle")
	if err == nil || !strings.Contains(err.Error(), "own.example.com/main:v1 (addon own: CronJob default/own)") {
		t.Errorf("got %v", err)
	}
	other := map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH]
	if _, err := cluster.SaveImages(t.Context(), "foreign", "linux/"+other); err == nil || ui.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat("foreign"); err == nil {
		t.Error("something was written before all was known")
	}
}

func TestMachinesThatWouldFindNoImageAreNotMade(t *testing.T) {
	testdir.Apart(t)
	var said bytes.Buffer
	cluster := planned(publish(t, images.KubeProxy))
	cluster.Out = ui.New(&said, ui.Options{})
	list := imagesOf(t, cluster.Config)
	err := cluster.pullable(t.Context(), list)
	if err == nil || !strings.Contains(err.Error(), "kube-proxy") || !strings.Contains(err.Error(), "404") || !strings.Contains(ui.HintOf(err), "bundle") {
		t.Errorf("%v\nhint: %s", err, ui.HintOf(err))
	}
	if said.Len() > 0 {
		t.Errorf("said %q", said.String())
	}
	// A registry that is not there for us may be for the machines.
	for i := range list.Images {
		list.Images[i].Ref = "127.0.0.1:1/" + list.Images[i].Component + ":v1"
	}
	if err := cluster.pullable(t.Context(), list); err != nil || !strings.Contains(said.String(), "warning: ") {
		t.Errorf("%v, %q", err, said.String())
	}
}

func TestMachinesThatMayNeedThisComputersProxyAreNoticed(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://user:secret@proxy.example.com:3128")
	t.Setenv("NO_PROXY", "")
	t.Setenv("no_proxy", "")
	list := ImageList{Images: []UsedImage{{Ref: "registry.k8s.io/pause:3.10.1"}}}
	if proxy := ownProxy(list); proxy == nil || proxy.Host != "proxy.example.com:3128" {
		t.Errorf("%v", proxy)
	}
	t.Setenv("NO_PROXY", "registry.k8s.io")
	if proxy := ownProxy(list); proxy != nil {
		t.Errorf("%v", proxy)
	}
}
