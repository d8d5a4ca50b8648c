package main

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func node(name, cidr string, addresses ...string) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.NodeSpec{PodCIDR: cidr}}
	for _, address := range addresses {
		n.Status.Addresses = append(n.Status.Addresses, corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: address})
	}
	return n
}

func TestRoutesLeadToEveryOtherMachine(t *testing.T) {
	for name, c := range map[string]struct {
		nodes  []*corev1.Node
		own    string
		routes []string
		errors int
	}{
		"two others, in order of their ranges": {
			nodes: []*corev1.Node{
				node("c", "10.244.2.0/24", "172.30.0.22"), node("a", "10.244.0.0/24", "172.30.0.11"), node("b", "10.244.1.0/24", "172.30.0.21"),
			},
			own: "10.244.0.0/24", routes: []string{"10.244.1.0/24 via 172.30.0.21", "10.244.2.0/24 via 172.30.0.22"},
		},
		"one that has no range yet": {
			nodes: []*corev1.Node{node("a", "10.244.0.0/24"), node("b", "", "172.30.0.21")}, own: "10.244.0.0/24",
		},
		"one that has no address yet": {
			nodes: []*corev1.Node{node("a", "10.244.0.0/24"), node("b", "10.244.1.0/24")}, own: "10.244.0.0/24",
		},
		"the first IPv4 address counts": {
			nodes: []*corev1.Node{node("b", "10.244.1.0/24", "fd00::1", "172.30.0.21", "172.31.0.21")},
			own:   "invalid Prefix", routes: []string{"10.244.1.0/24 via 172.30.0.21"},
		},
		"nonsense and IPv6 are told of, and keep nobody away": {
			nodes: []*corev1.Node{node("b", "nonsense", "172.30.0.21"), node("c", "fd00::/64", "172.30.0.22"), node("d", "10.244.3.0/24", "172.30.0.23")},
			own:   "invalid Prefix", routes: []string{"10.244.3.0/24 via 172.30.0.23"}, errors: 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, errs := compute("a", c.nodes)
			var routes []string
			for _, r := range w.Routes {
				routes = append(routes, r.String())
			}
			if diff := cmp.Diff(c.routes, routes); diff != "" {
				t.Error(diff)
			}
			if w.Own.String() != c.own || len(errs) != c.errors {
				t.Errorf("own range %s, want %s; errors %v, want %d", w.Own, c.own, errs, c.errors)
			}
		})
	}
}

func TestTheConfigurationIsCNIs(t *testing.T) {
	for mtu, want := range map[int]any{0: nil, 1420: 1420.0} {
		data, err := conflist(netip.MustParsePrefix("10.244.1.0/24"), mtu)
		if err != nil {
			t.Fatal(err)
		}
		var list struct {
			CNIVersion string
			Plugins    []map[string]any
		}
		if err := json.Unmarshal(data, &list); err != nil {
			t.Fatal(err)
		}
		if list.CNIVersion != "1.0.0" || len(list.Plugins) != 2 || list.Plugins[0]["mtu"] != want {
			t.Errorf("with MTU %d:\n%s", mtu, data)
		}
		if !strings.Contains(string(data), `"subnet": "10.244.1.0/24"`) {
			t.Errorf("no subnet in\n%s", data)
		}
	}
}
