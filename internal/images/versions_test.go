package images

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table of versions")

func TestEveryMinorHasOnePatchReleaseAndTheNewestIsFirst(t *testing.T) {
	minors := Minors()
	if Newest() != minors[0] || Oldest() != minors[len(minors)-1] {
		t.Errorf("newest %s, oldest %s of %v", Newest(), Oldest(), minors)
	}
	for i, minor := range minors {
		if !strings.HasPrefix(KubernetesVersion(minor), "v"+minor+".") {
			t.Errorf("%s is %s", minor, KubernetesVersion(minor))
		}
		if i > 0 && number(minors[i-1]) != number(minor)+1 {
			t.Errorf("between %s and %s one is missing", minors[i-1], minor)
		}
	}
	if got := KubernetesVersion("1.12"); got != "" {
		t.Errorf("1.12 is %q", got)
	}
}

// A kubelet may be as old as three minors before its API server, kube-proxy too, and
// none newer (https://kubernetes.io/releases/version-skew-policy/). A cluster has
// one version of them all, and addons that are made for each of its minors.
func TestNoPartOfAClusterIsTooNewOrTooOldForAnother(t *testing.T) {
	for _, minor := range Minors() {
		set := For(minor, "")
		for _, c := range []Component{KubeAPIServer, KubeControllerManager, KubeScheduler, KubeProxy, Kubelet} {
			if got := tagOf(set.Ref(c)); got != KubernetesVersion(minor) {
				t.Errorf("%s of %s is %s", c, minor, got)
			}
		}
		for c, claim := range claims {
			if set.Ref(c) == "" || number(claim.since) > number(minor) {
				t.Errorf("%s %s is made for %s and later, and %s is to run it (%s)", c, set.Ref(c), claim.since, minor, claim.source)
			}
		}
	}
}

// What goes through the API of a cluster is known to have a least version.
func TestEveryAddonThatAClusterStartsWithSaysSinceWhenItWorks(t *testing.T) {
	own := []Component{KubeProxy, FlannelCNIPlugin, Busybox}
	for _, image := range For(Newest(), "").Images() {
		if _, ok := claims[image.Component]; image.Addon != "" && !ok && !slices.Contains(own, image.Component) {
			t.Errorf("nothing is said of %s", image.Component)
		}
	}
}

func TestTheTableOfVersionsIsUpToDate(t *testing.T) {
	const path, from, to = "../../addons/README.md", "<!-- versions: go test ./internal/images -update -->\n", "<!-- end of versions -->\n"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	before, rest, found := strings.Cut(text, from)
	_, after, ended := strings.Cut(rest, to)
	if !found || !ended {
		t.Fatalf("%s has no place for it", path)
	}
	want := before + from + Table() + to + after
	if want == text {
		return
	}
	if !*update {
		t.Fatalf("%s has another table than\n%s-update rewrites it", path, Table())
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
