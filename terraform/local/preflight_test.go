package local

import (
	"net/netip"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// fine is a computer on which nothing is in the way.
func fine() Facts {
	return Facts{
		Version: "20.10.24+dfsg1", OS: "linux", Memory: 8 << 30, Disk: 50 << 30, DiskPath: "/var/lib/docker", Instances: 8192,
		Networks: []Network{
			{Name: "bridge", Subnets: prefixes("172.17.0.0/16"), MTU: 1500}, {Name: "host"}, {Name: "none"},
		},
		Routes: []Route{{prefix("172.17.0.0/16"), "docker0"}, {prefix("192.0.2.0/24"), "eth0"}},
	}
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, prefix(s))
	}
	return out
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*config.Cluster, *Facts)
		want   []string // in the error and its hint; none: no error
	}{
		"a fine computer":                {func(*config.Cluster, *Facts) {}, nil},
		"what cannot be known is no bar": {func(_ *config.Cluster, f *Facts) { f.Memory, f.Disk, f.Version = -1, -1, "dev" }, nil},
		"Windows containers":             {func(_ *config.Cluster, f *Facts) { f.OS = "windows" }, []string{"Docker runs windows containers", "switch Docker"}},
		"an old Docker":                  {func(_ *config.Cluster, f *Facts) { f.Version = "19.03.15" }, []string{"version 19.03.15, and 20.10 or newer", "update Docker"}},
		"a kernel too old for the network": {func(c *config.Cluster, f *Facts) { c.Network.Provider, f.Kernel = "cilium", "5.4.0-216-generic" },
			[]string{"the kernel is 5.4.0-216-generic, and network.provider=cilium needs 5.10", "--set network.provider=flannel"}},
		"too little memory": {func(_ *config.Cluster, f *Facts) { f.Memory = 1 << 30 },
			[]string{"3 machines need 2.0 GiB of memory, and 1.0 GiB is available", "--set provision.workers="}},
		"too little disk": {func(_ *config.Cluster, f *Facts) { f.Disk = 300 << 20 },
			[]string{"3 machines need 3.5 GiB of disk, and /var/lib/docker has 300 MiB free", "docker system df"}},
		"machines that are there need nothing more": {func(_ *config.Cluster, f *Facts) {
			f.Memory, f.Disk = 100<<20, 100<<20
			for _, n := range []string{"demo-control-plane-0", "demo-worker-0", "demo-worker-1"} {
				f.Objects = append(f.Objects, Object{Kind: "container", Name: n, Cluster: "demo"})
			}
		}, nil},
		"a name taken by something else": {func(_ *config.Cluster, f *Facts) {
			f.Objects = append(f.Objects, Object{Kind: "container", Name: "demo-worker-1"})
		}, []string{"the name of container demo-worker-1 is taken by something else", "docker container rm demo-worker-1"}},
		"a name taken by another cluster": {func(_ *config.Cluster, f *Facts) {
			f.Objects = append(f.Objects, Object{Kind: "volume", Name: "demo-worker-1-var", Cluster: "other"})
		}, []string{"the name of volume demo-worker-1-var is taken by cluster other", "--set cluster.name="}},
		"a subnet of another network": {func(_ *config.Cluster, f *Facts) {
			f.Networks = append(f.Networks, Network{Name: "shop", Subnets: prefixes("172.30.0.0/16")})
		}, []string{"provision.local.subnet 172.30.0.0/24 collides with Docker network shop (172.30.0.0/16)", "--set provision.local.subnet=172.20.0.0/24"}},
		"a subnet that the office uses": {func(_ *config.Cluster, f *Facts) {
			f.Routes = append(f.Routes, Route{prefix("172.16.0.0/12"), "tun0"})
		}, []string{"collides with a route of this computer (172.16.0.0/12 by tun0)", "--set provision.local.subnet=10.200.0.0/24"}},
		"a subnet of our own pods": {func(c *config.Cluster, _ *Facts) { c.Network.PodCIDR = "172.30.0.0/16" },
			[]string{"collides with network.pod_cidr (172.30.0.0/16)"}},
		"our own network is no collision": {func(_ *config.Cluster, f *Facts) {
			f.Networks = append(f.Networks, Network{Name: "turnup-demo", Cluster: "demo", Subnets: prefixes("172.30.0.0/24")})
			f.Routes = append(f.Routes, Route{prefix("172.30.0.0/24"), "br-1"})
		}, nil},
		"all at once": {func(_ *config.Cluster, f *Facts) { f.Version, f.Memory = "1.13.1", 1<<20 },
			[]string{"2 things are in the way:\n  - Docker is version 1.13.1", "\n  - 3 machines need", "\n    stop other programs", "run the same command again"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, facts := config.Default(), fine()
			c.change(&cfg, &facts)
			_, err := Check(cfg, facts)
			if len(c.want) == 0 {
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
				return
			}
			if err == nil {
				t.Fatal("got no error")
			}
			text := err.Error() + "\nhint: " + ui.HintOf(err)
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("got\n%s\nwithout %q", text, want)
				}
			}
		})
	}
}

func TestCheckReports(t *testing.T) {
	facts := fine()
	facts.Instances, facts.Networks[0].MTU = 128, 1400
	facts.Objects = []Object{{Kind: "container", Name: "demo-worker-0", Cluster: "demo"}, {Kind: "container", Name: "x", Cluster: "other"}}
	report, err := Check(config.Default(), facts)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Warnings) != 1 || !strings.Contains(report.Warnings[0], "sysctl -w fs.inotify.max_user_instances=512") {
		t.Errorf("warnings are %q", report.Warnings)
	}
	if report.MTU != 1400 {
		t.Errorf("the MTU is %d, want that of the default bridge", report.MTU)
	}
	if len(report.Adopted) != 1 || report.Adopted[0].Name != "demo-worker-0" {
		t.Errorf("adopted are %v", report.Adopted)
	}
}

func TestFreeStaysInPrivateRanges(t *testing.T) {
	if p, ok := free(24, prefixes("172.30.0.0/24", "172.30.1.0/25")); !ok || p != prefix("172.30.2.0/24") {
		t.Errorf("got %v", p)
	}
	if p, ok := free(16, prefixes("172.16.0.0/12")); !ok || p != prefix("10.200.0.0/16") {
		t.Errorf("got %v", p)
	}
	if p, ok := free(24, prefixes("0.0.0.0/0")); ok {
		t.Errorf("got %v of nothing", p)
	}
}

func TestFactsOfTheKernel(t *testing.T) {
	files := map[string]string{
		"/proc/meminfo": "MemTotal:       24681000 kB\nMemFree:        100 kB\nMemAvailable:   2048 kB\n",
		"/proc/net/route": "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n" +
			"eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n" +
			"docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n",
		"/proc/sys/fs/inotify/max_user_instances": "128\n",
	}
	f := Facts{Memory: 1, Disk: -1, Instances: -1}
	f.computer(func(path string) ([]byte, error) { return []byte(files[path]), nil })
	if f.Memory != 2<<20 || f.Instances != 128 || len(f.Routes) != 1 || f.Routes[0] != (Route{prefix("172.17.0.0/16"), "docker0"}) {
		t.Errorf("got %+v", f)
	}
}
