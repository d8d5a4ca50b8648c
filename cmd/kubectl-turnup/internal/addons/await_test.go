package addons

import (
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

func TestAnAddonIsHeldAgainstItsHashNotItsRevision(t *testing.T) {
	addon := func(name, ready, hash, revision string) api.Addon {
		a := api.Addon{Status: api.AddonStatus{Ready: ready, TreeHash: hash, Revision: revision, Message: "why"}}
		a.Name = name
		return a
	}
	suspended := addon("a", "True", "old", "r1")
	suspended.Spec.Suspend = true
	shipped := Shipment{Revision: "r2", Addons: []string{"a", "b"}, hashes: map[string]string{"a": "1", "b": "2"}}
	for _, tc := range []struct {
		name     string
		shipped  Shipment
		list     []api.Addon
		waiting  string
		hopeless string
	}{
		{"an addon that the revision did not change", shipped, []api.Addon{addon("a", "True", "1", "r1"), addon("b", "True", "2", "r2")}, "", ""},
		{"an addon that is not healthy", shipped, []api.Addon{addon("a", "Unknown", "1", "r1"), addon("b", "True", "2", "r2")}, "a: why", ""},
		{"an addon of an older tree", shipped, []api.Addon{addon("a", "True", "0", "r2"), addon("b", "True", "2", "r2")}, "a: not looked at yet: why", ""},
		{"an addon that is not there", shipped, []api.Addon{addon("b", "True", "2", "r2")}, "a: not looked at yet", ""},
		{"an addon that left the tree", shipped, []api.Addon{addon("a", "True", "1", "r2"), addon("b", "True", "2", "r2"), addon("c", "True", "3", "r1")}, "c: it left the tree and is not gone yet: why", ""},
		{"the manager, which never goes", shipped, []api.Addon{addon("a", "True", "1", "r2"), addon("b", "True", "2", "r2"), addon("addon-manager", "True", "3", "r1")}, "", ""},
		{"only one of them", shipped.only([]string{"b"}), []api.Addon{addon("a", "False", "1", "r2"), addon("b", "True", "2", "r2")}, "", ""},
		{"an addon without a hash", Shipment{Addons: []string{"a"}, hashes: map[string]string{"a": ""}}, []api.Addon{addon("a", "True", "", "r2")}, "a: not looked at yet", ""},
		{"a suspended addon", shipped, []api.Addon{suspended, addon("b", "True", "2", "r2")}, "", "a is suspended"},
		{"an empty tree", Shipment{}, nil, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			waiting, hopeless := tc.shipped.missing(tc.list)
			if got := strings.Join(waiting, "; "); tc.name == "an addon without a hash" && got == "" || tc.name != "an addon without a hash" && got != tc.waiting {
				t.Errorf("waiting for %q, want %q", got, tc.waiting)
			}
			if tc.hopeless == "" && hopeless != "" || !strings.Contains(hopeless, tc.hopeless) {
				t.Errorf("hopeless: %q, want %q", hopeless, tc.hopeless)
			}
		})
	}
}
