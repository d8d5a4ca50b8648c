package images

import (
	"strings"
	"testing"
)

func TestAnOverrideReplacesOneReference(t *testing.T) {
	mirror := For(Newest(), "mirror.example.com")
	set := mirror.Override("coredns=example.com/dns:v1,pause=example.com:5000/p@sha256:" + strings.Repeat("a", 64))
	for component, want := range map[Component]string{
		CoreDNS: "example.com/dns:v1", Pause: "example.com:5000/p@sha256:" + strings.Repeat("a", 64), Etcd: mirror.Ref(Etcd),
	} {
		if got := set.Ref(component); got != want {
			t.Errorf("%s is %s, want %s", component, got, want)
		}
	}
	if mirror.Ref(CoreDNS) == set.Ref(CoreDNS) {
		t.Error("the set it came from is changed, too")
	}
}

func TestWhatIsNoOverrideIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"coredns":                          "is not COMPONENT=REFERENCE",
		"corends=example.com/dns:v1":       "no component",
		"coredns=coredns:v1":               "want a reference with registry and tag",
		"coredns=example.com/coredns":      "want a reference with registry and tag",
		"coredns=example.com/UPPER:v1":     "want a reference with registry and tag",
		"coredns=a.b/c:1,coredns=a.b/d:1":  "twice",
		"coredns=a.b/c:1,":                 "is not COMPONENT=REFERENCE",
		"coredns=https://example.com/c:v1": "want a reference with registry and tag",
	} {
		if err := CheckOverrides(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
