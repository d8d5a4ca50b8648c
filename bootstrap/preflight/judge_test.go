package preflight

import (
	"errors"
	"maps"
	"os/exec"
	"strings"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// sound is a host that nothing is wrong with.
func sound(name string, role machines.Role) Host {
	return Host{
		Machine: machines.Machine{Name: name, Role: role, Address: "10.0.0.1"},
		Facts: Facts{
			"user": "0", "arch": "x86_64", "init": "systemd", "systemd": "257", "cgroups": "2", "controllers": "cpuset cpu io memory pids",
			"memory_kib": "4000000", "disk_kib": "40000000", "disk_inodes": "1000000", "swap_kib": "0", "listen": "0016 1F90",
			"kernel.overlay": "yes", "kernel.bridge": "yes", "kernel.conntrack": "yes", "kernel.tables": "yes",
			"machine_id": "id-" + name, "hostname": name, "product_uuid": "uuid-" + name, "manifests": "0",
			"dial.endpoint": "refused", "dial.peer.other": "refused", "dial.registry.registry.k8s.io": "open",
		},
	}
}

func TestEachThingThatIsWrongWithAHostIsFound(t *testing.T) {
	cases := []struct {
		name  string
		role  machines.Role
		facts Facts
		skew  time.Duration
		want  string // level check: part of the message; "" for nothing
	}{
		{name: "a sound worker"},
		{name: "a sound control plane", role: machines.ControlPlane},
		{name: "another processor", facts: Facts{"arch": "riscv64"}, want: "error arch: its processor is riscv64"},
		{name: "another init", facts: Facts{"init": "openrc"}, want: `error init: its process 1 is "openrc"`},
		{name: "an old systemd", facts: Facts{"systemd": "215"}, want: "error init: its systemd is 215"},
		{name: "not root", facts: Facts{"user": "1000"}, want: "error root"},
		{name: "cgroups v1", facts: Facts{"cgroups": "1"}, want: "warning cgroups: it has cgroups v1"},
		{name: "no cgroups", facts: Facts{"cgroups": ""}, want: "error cgroups: it has no cgroups"},
		{name: "no memory controller", facts: Facts{"controllers": "cpu pids"}, want: "error cgroups: its kernel lacks the cgroup controllers memory"},
		{name: "a clock a bit behind", skew: -3 * time.Second, want: "warning clock: its clock is 3s behind"},
		{name: "a clock far ahead", skew: time.Hour, want: "error clock: its clock is 1h0m0s ahead of"},
		{name: "little memory", facts: Facts{"memory_kib": "800000"}, want: "warning memory: it has only 781 MiB"},
		{name: "too little memory", role: machines.ControlPlane, facts: Facts{"memory_kib": "800000"}, want: "error memory: it has 781 MiB of memory, a control-plane needs 900 MiB"},
		{name: "a full disk", facts: Facts{"disk_kib": "100000"}, want: "error disk: 97 MiB are free on /var"},
		{name: "few inodes", facts: Facts{"disk_inodes": "12"}, want: "warning disk: only 12 inodes"},
		{name: "swap", facts: Facts{"swap_kib": "2097152"}, want: "warning swap: it has 2.0 GiB of swap"},
		{name: "a taken port", facts: Facts{"listen": "280A"}, want: "error ports: something else listens on the ports 10250 (the kubelet)"},
		{name: "the API server's port on a worker", facts: Facts{"listen": "192B"}},
		{name: "the API server's port on a control plane", role: machines.ControlPlane, facts: Facts{"listen": "192B"}, want: "error ports: something else listens on the ports 6443 (the API server)"},
		{name: "a node of another cluster of ours", facts: Facts{"ca": "theirs", "kubelet_by": "turnup", "kubelet": "active", "listen": "280A"}, want: "error cluster: it is a node of another cluster that turnup made"},
		{name: "a node of this cluster", facts: Facts{"ca": "ours", "kubelet_by": "turnup", "kubelet": "active", "listen": "280A", "disk_kib": "100", "manifests": "4"}},
		{name: "kubeadm's kubelet", facts: Facts{"kubelet_by": "/lib/systemd/system/kubelet.service"}, want: "error cluster: there is a kubelet that is not ours"},
		{name: "k3s", facts: Facts{"other_cluster": "k3s"}, want: "error cluster: there is something of k3s on it"},
		{name: "data of an earlier etcd", role: machines.ControlPlane, facts: Facts{"etcd_data": "yes"}, want: "error cluster: /var/lib/etcd holds data"},
		{name: "static pods", facts: Facts{"manifests": "2"}, want: "error cluster: /etc/kubernetes/manifests holds static pods"},
		{name: "a kernel without overlay", facts: Facts{"kernel.overlay": "no"}, want: "warning kernel: its kernel shows no sign of overlay"},
		{name: "a kernel too old for the network", facts: Facts{"kernel": "4.18.0-553.el8_10.x86_64"}, want: "error kernel: the kernel is 4.18.0-553.el8_10.x86_64, and network.provider=calico needs 5.10"},
		{name: "an old containerd", facts: Facts{"containerd": "1.6.20"}, want: "error runtime: its containerd is 1.6.20"},
		{name: "a new containerd", facts: Facts{"containerd": "v2.4.2"}},
		{name: "CRI-O", facts: Facts{"other_runtime": "/run/crio/crio.sock"}, want: "warning runtime: another container runtime"},
		{name: "an endpoint without a name", facts: Facts{"dial.endpoint": "no-name"}, want: "error endpoint: it does not know the name"},
		{name: "an endpoint behind a firewall", facts: Facts{"dial.endpoint": "timeout"}, want: "error endpoint: it does not reach the endpoint (timeout)"},
		{name: "a peer behind a firewall", facts: Facts{"dial.peer.other": "timeout"}, want: "warning network: it does not reach other"},
		{name: "no registry", facts: Facts{"dial.registry.registry.k8s.io": "no-name"}, want: "error registry: it does not know the name registry.k8s.io"},
		{name: "a proxy behind a firewall", facts: Facts{"dial.proxy.proxy.example.com:3128": "timeout"}, want: "error proxy: it does not reach the proxy proxy.example.com:3128 (timeout)"},
		{name: "a proxy without a name", facts: Facts{"dial.proxy.proxy.example.com:3128": "no-name"}, want: "error proxy: it does not know the name of the proxy proxy.example.com:3128"},
		{name: "a host that cannot dial", facts: Facts{"dial.endpoint": "unknown"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if tc.facts["manifests"] != "" && tc.facts["ca"] == "" {
				// Neither the host nor the cluster has a certificate yet.
				if found := Judge([]Host{{Machine: machines.Machine{Name: "m0"}, Facts: Facts{"manifests": "2", "user": "0", "arch": "x86_64", "init": "systemd", "cgroups": "2", "controllers": "cpu memory pids"}}}, Cluster{}); len(found) != 1 {
					t.Errorf("for a new cluster: found %v", found)
				}
			}
			role := tc.role
			if role == "" {
				role = machines.Worker
			}
			host := sound("m0", role)
			maps.Copy(host.Facts, tc.facts)
			host.Skew = tc.skew
			found := Judge([]Host{host}, Cluster{CA: "ours", Network: "calico"})
			if tc.want == "" {
				if len(found) > 0 {
					t.Errorf("found %v", found)
				}
				return
			}
			if len(found) != 1 {
				t.Fatalf("found %v, want one thing", found)
			}
			if got := string(found[0].Level) + " " + found[0].Check + ": " + found[0].Message; !strings.HasPrefix(got, tc.want) {
				t.Errorf("found %q, want %q", got, tc.want)
			}
		})
	}
}

func TestABundleNeedsNoRegistry(t *testing.T) {
	host := sound("m0", machines.Worker)
	host.Facts["dial.registry.registry.k8s.io"] = "timeout"
	if found := Judge([]Host{host}, Cluster{Bundle: true}); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}

func TestAHostThatCannotBeReachedIsAFindingAmongOthers(t *testing.T) {
	lost := Host{Machine: machines.Machine{Name: "m1"}, Unreachable: errors.New("no answer")}
	swap := sound("m2", machines.Worker)
	swap.Facts["swap_kib"] = "5"
	found := Judge([]Host{sound("m0", machines.Worker), lost, swap}, Cluster{})
	if len(found) != 2 || found[0].String() != "m1: no answer" || found[1].Machine != "m2" {
		t.Errorf("found %v", found)
	}
}

func TestClonesAreFound(t *testing.T) {
	a, b := sound("a", machines.Worker), sound("b", machines.Worker)
	b.Facts["machine_id"], b.Facts["product_uuid"], b.Facts["hostname"] = "id-a", "uuid-a", "a"
	found := Judge([]Host{a, b}, Cluster{})
	if len(found) != 3 || found[0].Level != Error || found[1].Level != Warning || found[2].Level != Warning {
		t.Errorf("found %v", found)
	}
	b.Facts["machine_id"], b.Facts["virt"], b.Facts["hostname"] = "id-b", "docker", "b"
	if found := Judge([]Host{a, b}, Cluster{}); len(found) > 0 {
		t.Errorf("containers share the computer's UUID: %v", found)
	}
}

func TestTheClockGetsTheBenefitOfTheDoubt(t *testing.T) {
	asked := time.Unix(1000, 0)
	answered := asked.Add(2 * time.Second)
	for clock, want := range map[string]time.Duration{
		"1001.5": 0, "1000.0": 0, "990.0": -10 * time.Second, "1005.0": 3 * time.Second, "1001.%N": 0, "": 0,
	} {
		if got := (Facts{"time": clock}).Ahead(asked, answered); got != want {
			t.Errorf("%q: %s, want %s", clock, got, want)
		}
	}
}

func TestTheScriptTellsTheFactsOfThisComputer(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh here")
	}
	file := machines.New("127.0.0.1:1", []machines.Machine{
		{Name: "self", Address: "192.0.2.1"}, {Name: "other", Address: "127.0.0.1"},
	})
	cmd := exec.Command(sh, "-c", Script)
	cmd.Stdin = strings.NewReader(Questions(file, file.Machines[0], Outside{Registries: []string{"no-such-host.invalid"}, Proxies: []string{"127.0.0.1:1"}}))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	facts := Parse(string(out))
	for _, key := range []string{"time", "user", "kernel", "arch", "memory_kib", "disk_kib", "cpus"} {
		if facts[key] == "" {
			t.Errorf("%s is missing:\n%s", key, out)
		}
	}
	if skew := facts.Ahead(time.Now().Add(-time.Minute), time.Now()); skew != 0 {
		t.Errorf("its own clock is off by %s", skew)
	}
	if got := facts["dial.endpoint"]; got != "refused" && got != "unknown" {
		t.Errorf("dialling a closed port: %q", got)
	}
	if got := facts["dial.proxy.127.0.0.1:1"]; got != "refused" && got != "unknown" {
		t.Errorf("dialling a proxy that is none: %q", got)
	}
	if got := facts["dial.registry.no-such-host.invalid"]; got != "no-name" && got != "unknown" {
		t.Errorf("dialling a name that is none: %q", got)
	}
}
