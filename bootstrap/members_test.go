package bootstrap

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/golden"
	"turnup.dev/kubectl-turnup/internal/machines"
)

func threePlanes() machines.File {
	docker := func(name string) machines.Transport {
		return machines.Transport{Docker: &machines.Docker{Container: name}}
	}
	return machines.New("172.30.0.10:6443", []machines.Machine{
		{Name: "ha-loadbalancer-0", Role: machines.LoadBalancer, Address: "172.30.0.10", Transport: docker("ha-loadbalancer-0")},
		{Name: "ha-control-plane-0", Role: machines.ControlPlane, Address: "172.30.0.11", Transport: docker("ha-control-plane-0")},
		{Name: "ha-control-plane-1", Role: machines.ControlPlane, Address: "172.30.0.12", Transport: docker("ha-control-plane-1")},
		{Name: "ha-control-plane-2", Role: machines.ControlPlane, Address: "172.30.0.13", Transport: docker("ha-control-plane-2")},
		{Name: "ha-worker-0", Role: machines.Worker, Address: "172.30.0.21", Transport: docker("ha-worker-0")},
	})
}

const (
	one   = "ha-control-plane-0=https://172.30.0.11:2380"
	two   = "ha-control-plane-1=https://172.30.0.12:2380"
	three = "ha-control-plane-2=https://172.30.0.13:2380"
)

func TestALoadBalancerAndMembersOfEtcdRenderAsTheGoldenFilesSay(t *testing.T) {
	for _, r := range render(t, config.Default(), threePlanes()) {
		if r.Machine.Role == machines.Worker || r.Machine.Name == "ha-control-plane-1" || r.Machine.Name == "ha-control-plane-2" {
			continue
		}
		golden.Check(t, filepath.Join("testdata", "golden", r.Machine.Name+".json"), string(r.Ignition))
		for _, f := range r.Files {
			// The others are those of one control plane.
			if r.Machine.Role == machines.LoadBalancer || strings.HasPrefix(f.Path, "/etc/kubernetes/manifests/") {
				golden.Check(t, filepath.Join("testdata", "golden", r.Machine.Name, filepath.FromSlash(f.Path)), string(f.Content))
			}
		}
	}
}

func TestALoadBalancerHoldsNoKeyAndNoToken(t *testing.T) {
	for _, f := range render(t, config.Default(), threePlanes())[0].Files {
		if strings.Contains(string(f.Content), ".key>") || strings.Contains(string(f.Content), "<token") {
			t.Errorf("%s holds a secret", f.Path)
		}
	}
}

func TestHowControlPlanesStartTheirEtcd(t *testing.T) {
	told := func(state string, members ...string) EtcdStart {
		return EtcdStart{Cluster: strings.Join(members, ","), State: state}
	}
	all := told("new", one, two, three)
	type seen map[string]EtcdSeen
	cases := []struct {
		name    string
		seen    seen
		starts  EtcdStarts
		joining []string
	}{
		{"where nobody knows anything, all found a cluster", seen{}, EtcdStarts{}, nil},
		{"an interrupted delivery is begun again, whatever it wrote",
			seen{"ha-control-plane-0": {Start: told("new", one)}}, EtcdStarts{}, nil},
		{"one that was told to found a cluster, and was not started yet, still does",
			seen{"ha-control-plane-0": {Data: true, Start: all}, "ha-control-plane-1": {Start: all}, "ha-control-plane-2": {Start: all}},
			EtcdStarts{"ha-control-plane-0": all, "ha-control-plane-1": all, "ha-control-plane-2": all}, nil},
		{"one member stays as it was told, and two join it",
			seen{"ha-control-plane-0": {Data: true, Start: told("new", one)}},
			EtcdStarts{"ha-control-plane-0": told("new", one)}, []string{"ha-control-plane-1", "ha-control-plane-2"}},
		{"a machine that was made anew joins",
			seen{"ha-control-plane-0": {Data: true, Start: all}, "ha-control-plane-2": {Data: true, Start: all}},
			EtcdStarts{"ha-control-plane-0": all, "ha-control-plane-2": all}, []string{"ha-control-plane-1"}},
		{"one that was told to join, and did not start, joins",
			seen{"ha-control-plane-0": {Data: true, Start: all}, "ha-control-plane-2": {Data: true, Start: all},
				"ha-control-plane-1": {Start: told("existing", one, two, three)}},
			EtcdStarts{"ha-control-plane-0": all, "ha-control-plane-2": all}, []string{"ha-control-plane-1"}},
		{"one that has joined stays as it was told",
			seen{"ha-control-plane-0": {Data: true, Start: all}, "ha-control-plane-2": {Data: true, Start: all},
				"ha-control-plane-1": {Data: true, Start: told("existing", one, two, three)}},
			EtcdStarts{"ha-control-plane-0": all, "ha-control-plane-1": told("existing", one, two, three), "ha-control-plane-2": all}, nil},
		{"a disk that outlived its machine is a member's",
			seen{"ha-control-plane-0": {Data: true, Start: all}, "ha-control-plane-1": {Data: true}, "ha-control-plane-2": {Data: true, Start: all}},
			EtcdStarts{"ha-control-plane-0": all, "ha-control-plane-1": told("existing", one, two, three), "ha-control-plane-2": all}, nil},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			starts, joining := PlanEtcd(threePlanes().WithRole(machines.ControlPlane), tc.seen)
			if diff := cmp.Diff(tc.starts, starts); diff != "" {
				t.Error(diff)
			}
			var names []string
			for _, m := range joining {
				names = append(names, m.Name)
			}
			if !slices.Equal(names, tc.joining) {
				t.Errorf("%v join, want %v", names, tc.joining)
			}
		})
	}
}

// A manifest that changes restarts its pod: that of a member must be the same
// for ever, whoever comes and goes.
func TestTheManifestOfAMemberStaysWhenOthersComeAndGo(t *testing.T) {
	alone := machines.New("172.30.0.11:6443", threePlanes().Machines[1:2])
	etcd := func(list []Rendered, machine string) string {
		for _, r := range list {
			for _, f := range r.Files {
				if r.Machine.Name == machine && f.Path == "/etc/kubernetes/manifests/etcd.yaml" {
					return string(f.Content)
				}
			}
		}
		t.Fatalf("%s has no manifest of etcd", machine)
		return ""
	}
	first := etcd(render(t, config.Default(), alone), "ha-control-plane-0")
	seen := map[string]EtcdSeen{"ha-control-plane-0": parseSeen("data\n" + first)}
	file := threePlanes()
	starts, joining := PlanEtcd(file.WithRole(machines.ControlPlane), seen)
	if len(joining) != 2 {
		t.Fatalf("%v join", joining)
	}
	now := renderStarts(t, file, starts)
	if diff := cmp.Diff(first, etcd(now, "ha-control-plane-0")); diff != "" {
		t.Error(diff)
	}
}

func TestOneThatJoinsIsToldTheMembersThereAre(t *testing.T) {
	joining := threePlanes().Machines[2]
	members := []EtcdMember{
		{ID: 2, PeerURLs: []string{"https://172.30.0.12:2380"}, Learner: true}, // added, and has no name yet
		{ID: 1, Name: "ha-control-plane-0", PeerURLs: []string{"https://172.30.0.11:2380"}},
	}
	want := EtcdStart{Cluster: one + "," + two, State: "existing"}
	if diff := cmp.Diff(want, Joining(joining, members)); diff != "" {
		t.Error(diff)
	}
}

func TestAMemberLeavesOnlyWhileTheOthersAreEnough(t *testing.T) {
	members := func(n int) []EtcdMember {
		return []EtcdMember{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}, {Name: "e"}}[:n]
	}
	for _, tc := range []struct {
		name    string
		members []EtcdMember
		well    []string
		may     bool
	}{
		{"one of three, and the others are well", members(3), []string{"b", "c"}, true},
		{"one of three, and another is down", members(3), []string{"b"}, false},
		{"one of five, and another is down", members(5), []string{"b", "c", "d"}, true},
		{"one of five, and two others are down", members(5), []string{"b", "c"}, false},
		{"one of two", members(2), []string{"b"}, true},
		{"the only one", members(1), nil, false},
		{"the only one with a vote", []EtcdMember{{Name: "a"}, {Name: "b", Learner: true}}, []string{"b"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			well := map[string]bool{}
			for _, name := range tc.well {
				well[name] = true
			}
			if err := MayLeave("a", tc.members, well); (err == nil) != tc.may {
				t.Errorf("got %v", err)
			}
		})
	}
}

// script is a machine that answers etcdctl, and keeps what it was asked.
type script struct {
	members []EtcdMember
	asked   []string
}

func (s *script) Close() error { return nil }

func (s *script) Run(_ context.Context, text string, _ io.Reader) (string, error) {
	_, command, ok := strings.Cut(text, "-w json ")
	command, _, _ = strings.Cut(command, "\n")
	if !ok {
		return "", errors.New("not etcdctl")
	}
	s.asked = append(s.asked, command)
	if command != "member list" {
		return "{}", nil
	}
	out, err := json.Marshal(map[string]any{"header": map[string]any{}, "members": s.members})
	return string(out), err
}

func TestWhoIsAdmittedToEtcd(t *testing.T) {
	m := threePlanes().Machines[2]
	add := "member add ha-control-plane-1 --learner --peer-urls=https://172.30.0.12:2380"
	url := []string{"https://172.30.0.12:2380"}
	for _, tc := range []struct {
		name    string
		members []EtcdMember
		asked   []string
	}{
		{"a new one is added, without a vote", nil, []string{"member list", add, "member list"}},
		{"one that was added and never started is left", []EtcdMember{{ID: 7, PeerURLs: url, Learner: true}}, []string{"member list"}},
		{"one that has lost its data goes first",
			[]EtcdMember{{ID: 0xf00d, Name: m.Name, PeerURLs: url, ClientURLs: []string{"https://172.30.0.12:2379"}}},
			[]string{"member list", "member remove f00d", add, "member list"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &script{members: tc.members}
			if _, err := (Etcd{Machine: "ha-control-plane-0", Transport: s}).Admit(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.asked, s.asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMembersAreReadWithTheirWholeNumbers(t *testing.T) {
	// A float64 would not hold them.
	list, err := parseMembers(`{"members":[{"ID":18446744073709551615,"name":"a","peerURLs":["https://a:2380"],"isLearner":true}]}`)
	if err != nil || len(list) != 1 || list[0].ID != 1<<64-1 || !list[0].Learner {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := parseMembers("Error: context deadline exceeded"); err == nil {
		t.Error("that was no list")
	}
}

func TestTheStateOfAMemberIsReadWithWholeNumbers(t *testing.T) {
	state, err := parseState(`[{"Endpoint":"https://127.0.0.1:2379","Status":{"dbSize":12582912,"leader":18446744073709551615}}]`)
	if err != nil || state.Leader != 1<<64-1 || state.Bytes != 12<<20 {
		t.Errorf("%+v, %v", state, err)
	}
	for _, out := range []string{"Error: context deadline exceeded", "[]"} {
		if _, err := parseState(out); err == nil {
			t.Errorf("%q was no state", out)
		}
	}
}

func renderStarts(t *testing.T, file machines.File, starts EtcdStarts) []Rendered {
	t.Helper()
	list, err := RenderMembers(config.Default(), file, pki.Placeholder(file.WithRole(machines.ControlPlane)), starts)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
