package local

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
)

// Facts is what Preflight decides on: the daemon and the computer it runs on.
// A number that cannot be known from here is -1.
type Facts struct {
	Version   string // of the daemon
	OS        string // of its containers: linux
	Kernel    string // that they share
	Networks  []Network
	Objects   []Object
	Routes    []Route // of this computer, if the daemon runs on it
	Memory    int64   // bytes that machines could have
	Disk      int64   // bytes free where Docker keeps its data
	DiskPath  string
	Instances int64 // fs.inotify.max_user_instances
}

// Network is a Docker network.
type Network struct {
	Name    string
	Cluster string
	Subnets []netip.Prefix
	MTU     int
}

// Object is a container, network or volume.
type Object struct {
	Kind, Name, ID string
	// Cluster is the label's value, "" for an object that is not ours.
	Cluster string
}

func (o Object) String() string { return o.Kind + " " + o.Name }

// Route is a range of addresses that this computer already reaches somewhere.
type Route struct {
	Prefix netip.Prefix
	Device string
}

// Facts asks the daemon and the computer.
func (d *Docker) Facts(ctx context.Context) (Facts, error) {
	info, err := d.api.Info(ctx)
	if err != nil {
		return Facts{}, fmt.Errorf("ask Docker about itself: %w", err)
	}
	facts := Facts{Version: info.ServerVersion, OS: info.OSType, Kernel: info.KernelVersion, Memory: info.MemTotal, Disk: -1, DiskPath: info.DockerRootDir, Instances: -1}
	networks, err := d.api.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return Facts{}, fmt.Errorf("list Docker networks: %w", err)
	}
	for _, n := range networks {
		net := Network{Name: n.Name, Cluster: n.Labels[LabelCluster]}
		for _, c := range n.IPAM.Config {
			if prefix, err := netip.ParsePrefix(c.Subnet); err == nil {
				net.Subnets = append(net.Subnets, prefix.Masked())
			}
		}
		// Absent or not a number: Docker's own default.
		net.MTU, _ = strconv.Atoi(n.Options["com.docker.network.driver.mtu"])
		facts.Networks = append(facts.Networks, net)
		facts.Objects = append(facts.Objects, Object{"network", n.Name, n.ID, n.Labels[LabelCluster]})
	}
	containers, err := d.api.ContainerList(ctx, container.ListOptions{All: true})
	if err != nil {
		return Facts{}, fmt.Errorf("list containers: %w", err)
	}
	for _, c := range containers {
		for _, name := range c.Names {
			facts.Objects = append(facts.Objects, Object{"container", strings.TrimPrefix(name, "/"), c.ID, c.Labels[LabelCluster]})
		}
	}
	volumes, err := d.api.VolumeList(ctx, volume.ListOptions{})
	if err != nil {
		return Facts{}, fmt.Errorf("list volumes: %w", err)
	}
	for _, v := range volumes.Volumes {
		facts.Objects = append(facts.Objects, Object{"volume", v.Name, v.Name, v.Labels[LabelCluster]})
	}
	// A local Linux daemon shares our kernel; any other is a VM or another computer.
	if strings.HasPrefix(d.Host, "unix:") {
		facts.computer(os.ReadFile)
	}
	return facts, nil
}

// computer adds what only the files of a Linux kernel tell; elsewhere they are missing.
func (f *Facts) computer(read func(string) ([]byte, error)) {
	if data, err := read("/proc/meminfo"); err == nil {
		if available := meminfo(data); available > 0 {
			f.Memory = available
		}
	}
	if data, err := read("/proc/net/route"); err == nil {
		f.Routes = routes(data)
	}
	if data, err := read("/proc/sys/fs/inotify/max_user_instances"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64); err == nil {
			f.Instances = n
		}
	}
	// The daemon's directory is often readable by root only; its parent is on the same disk nearly always.
	for path := f.DiskPath; path != ""; path = filepath.Dir(path) {
		if free := diskFree(path); free >= 0 {
			f.Disk = free
			return
		}
		if path == filepath.Dir(path) {
			return
		}
	}
}

// meminfo returns MemAvailable in bytes, 0 if it is not there.
func meminfo(data []byte) int64 {
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "MemAvailable:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}

// routes reads /proc/net/route, in which addresses are little-endian hex; the
// default route is left out.
func routes(data []byte) []Route {
	var list []Route
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) < 8 {
			continue
		}
		address, errA := strconv.ParseUint(fields[1], 16, 32)
		mask, errM := strconv.ParseUint(fields[7], 16, 32)
		if errA != nil || errM != nil || mask == 0 {
			continue
		}
		bits := 0
		for m := mask; m != 0; m &= m - 1 {
			bits++
		}
		addr := netip.AddrFrom4([4]byte{byte(address), byte(address >> 8), byte(address >> 16), byte(address >> 24)})
		list = append(list, Route{netip.PrefixFrom(addr, bits), fields[0]})
	}
	return list
}
