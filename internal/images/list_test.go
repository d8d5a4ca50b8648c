package images

import (
	"slices"
	"strings"
	"testing"
)

func TestNoTwoComponentsShareAReference(t *testing.T) {
	seen := map[string]Component{}
	for _, image := range For(Newest(), "").Images() {
		if other, twice := seen[image.Ref]; twice {
			t.Errorf("%s and %s are both %s", other, image.Component, image.Ref)
		}
		seen[image.Ref] = image.Component
	}
}

func TestEveryReferenceHasARegistryAndAPinnedTag(t *testing.T) {
	for _, image := range For(Newest(), "").Images() {
		host, rest, _ := strings.Cut(image.Ref, "/")
		_, tag, tagged := strings.Cut(rest, ":")
		if !strings.Contains(host, ".") || !tagged || tag == "latest" || tag == "" {
			t.Errorf("%s: %q is not host/path:tag", image.Component, image.Ref)
		}
	}
}

func TestAMirrorReplacesTheHostAndNothingElse(t *testing.T) {
	set := For(Newest(), "mirror.example.com:5000/k8s/")
	want := "mirror.example.com:5000/k8s/coredns/coredns:v1.15.0"
	if got := set.Ref(CoreDNS); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAnUnknownReleaseHasNoVersion(t *testing.T) {
	if got := KubernetesVersion("1.2"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestOnlyTheMachineImageIsNotForMachines(t *testing.T) {
	for _, image := range For(Newest(), "").Images() {
		if none := Namespace(image.Component) == ""; none != (image.Component == Machine) {
			t.Errorf("%s is kept in namespace %q", image.Component, Namespace(image.Component))
		}
	}
}

func TestASetIsNarrowedDownToItsAddons(t *testing.T) {
	has := func(set Set) map[Component]bool {
		found := map[Component]bool{}
		for _, image := range set.Images() {
			found[image.Component] = true
		}
		return found
	}
	with := func(addons ...string) map[Component]bool {
		return has(For(Newest(), "").Narrow(func(image Image) bool { return slices.Contains(addons, image.Addon) }))
	}
	for c, want := range map[Component]bool{Pause: true, CoreDNS: true, Flannel: false, BridgeNetwork: true, FluentdS3: false, ContainerRuntime: false} {
		if got := with("coredns", "bridge")[c]; got != want {
			t.Errorf("%s: %v, want %v", c, got, want)
		}
	}
	set := For(Newest(), "")
	if got := len(set.Narrow(func(Image) bool { return true }).All()); got != len(set.All()) {
		t.Errorf("narrowed down to everything, there are %d images of %d", got, len(set.All()))
	}
}
