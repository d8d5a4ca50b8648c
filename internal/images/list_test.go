package images

import (
	"strings"
	"testing"
)

func TestNoTwoComponentsShareAReference(t *testing.T) {
	seen := map[string]Component{}
	for _, image := range For("1.37", "").Images() {
		if other, twice := seen[image.Ref]; twice {
			t.Errorf("%s and %s are both %s", other, image.Component, image.Ref)
		}
		seen[image.Ref] = image.Component
	}
}

func TestEveryReferenceHasARegistryAndAPinnedTag(t *testing.T) {
	for _, image := range For("1.37", "").Images() {
		host, rest, _ := strings.Cut(image.Ref, "/")
		_, tag, tagged := strings.Cut(rest, ":")
		if !strings.Contains(host, ".") || !tagged || tag == "latest" || tag == "" {
			t.Errorf("%s: %q is not host/path:tag", image.Component, image.Ref)
		}
	}
}

func TestAMirrorReplacesTheHostAndNothingElse(t *testing.T) {
	set := For("1.37", "mirror.example.com:5000/k8s/")
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
	for _, image := range For("1.37", "").Images() {
		if none := Namespace(image.Component) == ""; none != (image.Component == Machine) {
			t.Errorf("%s is kept in namespace %q", image.Component, Namespace(image.Component))
		}
	}
}
