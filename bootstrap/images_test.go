package bootstrap

import (
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/random"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
)

func TestAMachineGetsTheImagesOfItsRoleThatItLacks(t *testing.T) {
	cfg := config.Default()
	set := config.Images(cfg)
	dir := t.TempDir()
	var entries []images.Entry
	for _, image := range set.All() {
		content, err := random.Image(64, 1)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, images.Entry{Ref: image.Ref, Image: content})
	}
	if err := images.Write(dir, entries); err != nil {
		t.Fatal(err)
	}
	bundle, err := images.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	has := func(role machines.Role, c images.Component) bool {
		return slices.ContainsFunc(Needed(cfg, bundle, role), func(image images.Image) bool { return image.Component == c })
	}
	for _, tc := range []struct {
		role machines.Role
		c    images.Component
		want bool
	}{
		{machines.ControlPlane, images.Etcd, true}, {machines.ControlPlane, images.Kubelet, true}, {machines.ControlPlane, images.Machine, false},
		{machines.Worker, images.Kubelet, true}, {machines.Worker, images.Pause, true}, {machines.Worker, images.CoreDNS, true},
		{machines.Worker, images.KubeAPIServer, false}, {machines.Worker, images.LoadBalancer, false},
		{machines.LoadBalancer, images.LoadBalancer, true}, {machines.LoadBalancer, images.Bootstrap, true}, {machines.LoadBalancer, images.Kubelet, false},
	} {
		if got := has(tc.role, tc.c); got != tc.want {
			t.Errorf("a %s gets %s: %v, want %v", tc.role, tc.c, got, tc.want)
		}
	}

	if has(machines.Worker, images.DockerRuntime) {
		t.Error("a machine that is to have no Docker gets it")
	}
	cfg.Bootstrap.ContainerRuntime = "docker"
	if !has(machines.Worker, images.DockerRuntime) || has(machines.LoadBalancer, images.DockerRuntime) {
		t.Error("Docker is carried to others than those that are to have it")
	}

	list := Needed(cfg, bundle, machines.Worker)
	kubelet, pause := set.Ref(images.Kubelet), set.Ref(images.Pause)
	digest, err := bundle.DigestOf(kubelet)
	if err != nil {
		t.Fatal(err)
	}
	missing, err := lacks("REF DIGEST\n"+kubelet+" "+digest+"\n"+pause+" sha256:of-another\n", "turnup", bundle, list)
	if err != nil || slices.Contains(missing, kubelet) || !slices.Contains(missing, set.Ref(images.Bootstrap)) || slices.Contains(missing, pause) {
		t.Errorf("%v, %v", missing, err)
	}
	missing, err = lacks(pause+" sha256:of-another\n", "k8s.io", bundle, list)
	if err != nil || !slices.Contains(missing, pause) {
		t.Errorf("an image of another digest: %v, %v", missing, err)
	}
}
