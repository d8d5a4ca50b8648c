package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"

	"turnup.dev/kubectl-turnup/bootstrap/transport"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// benchDocker is the daemon on which both kinds of cluster live.
type benchDocker struct{ api *client.Client }

func newBenchDocker(b *testing.B) *benchDocker {
	api, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		b.Fatalf("connect to Docker: %v", err)
	}
	return &benchDocker{api}
}

func (d *benchDocker) close() { _ = d.api.Close() }

// machines lists the containers with a label, the control plane first.
func (d *benchDocker) machines(ctx context.Context, label string) ([]string, error) {
	list, err := d.api.ContainerList(ctx, container.ListOptions{Filters: filters.NewArgs(filters.Arg("label", label))})
	if err != nil {
		return nil, err
	}
	var all, workers []string
	for _, c := range list {
		name := strings.TrimPrefix(c.Names[0], "/")
		if strings.Contains(name, "control-plane") {
			all = append(all, name)
		} else {
			workers = append(workers, name)
		}
	}
	all = append(all, workers...)
	if len(all) != benchNodes {
		return nil, fmt.Errorf("find machines: there are %v, want %d", all, benchNodes)
	}
	return all, nil
}

// measure adds what the machines have used since they were started.
func (d *benchDocker) measure(ctx context.Context, names []string, run *benchRun) error {
	for _, name := range names {
		reader, err := d.api.ContainerStatsOneShot(ctx, name)
		if err != nil {
			return fmt.Errorf("measure machine %s: %w", name, err)
		}
		var stats container.StatsResponse
		err = json.NewDecoder(reader.Body).Decode(&stats)
		if err := errors.Join(err, reader.Body.Close()); err != nil {
			return fmt.Errorf("measure machine %s: %w", name, err)
		}
		// The names of cgroup v1, then of v2. Anonymous memory: the page cache
		// is shared, and charged to whoever came first.
		memory := stats.MemoryStats.Stats["total_rss"] + stats.MemoryStats.Stats["anon"]
		run.machines = append(run.machines, benchMachine{
			name: name, cpu: time.Duration(stats.CPUStats.CPUUsage.TotalUsage), memory: memory,
		})
	}
	return nil
}

// benchOn runs a shell script on a machine.
func benchOn(ctx context.Context, machine, script, stdin string) (string, error) {
	return benchPipe(ctx, machine, script, strings.NewReader(stdin))
}

// benchPipe is benchOn with more to read than a string holds.
func benchPipe(ctx context.Context, machine, script string, stdin io.Reader) (string, error) {
	pool := transport.NewPool(transport.Options{})
	defer pool.Close()
	t, err := pool.Open(ctx, machines.Machine{
		Name: machine, Transport: machines.Transport{Docker: &machines.Docker{Container: machine}},
	})
	if err != nil {
		return "", err
	}
	return t.Run(ctx, script, stdin)
}

// benchManager is the addon manager's resident memory in bytes.
func benchManager(ctx context.Context, names []string) (uint64, error) {
	for _, name := range names {
		out, err := benchOn(ctx, name, `pid=$(pgrep -xo addon-manager) && sed -n 's/^VmRSS: *//p' /proc/$pid/status || true`, "")
		if err != nil {
			return 0, err
		}
		if fields := strings.Fields(out); len(fields) == 2 {
			kib, err := strconv.ParseUint(fields[0], 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("measure the addon manager: it runs on no machine")
}

// benchQuery asks for the A record of kubernetes.default.svc.cluster.local, and
// benchAnswer is the Service's address, with which the answer ends.
const (
	benchQuery  = `\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0akubernetes\x07default\x03svc\x07cluster\x05local\x00\x00\x01\x00\x01`
	benchAnswer = "0a600001" // 10.96.0.1
)

// benchLookup asks the cluster's DNS by its Service's address, from a machine: it
// takes kube-proxy, the pod network and CoreDNS. printf is the program, not the
// shell's own, which sends a packet per line.
func benchLookup(ctx context.Context, machine string) error {
	script := `timeout 1 bash -c "exec 3<>/dev/udp/10.96.0.10/53
env printf '` + benchQuery + `' >&3
dd bs=512 count=1 status=none <&3 | od -An -v -tx1" | tr -d ' \n'`
	out, err := benchOn(ctx, machine, script, "")
	if err == nil && !strings.HasSuffix(out, benchAnswer) {
		err = fmt.Errorf("look up kubernetes.default on %s: the answer is %q", machine, out)
	}
	return err
}

// benchKeep saves the machines' and pods' logs, what the cluster knows of its start, and
// what the program said.
func benchKeep(ctx context.Context, dir string, run benchRun, names []string, kubeconfig string, said []byte) error {
	if dir == "" {
		return nil
	}
	save := func(name string, data []byte) error {
		return os.WriteFile(filepath.Join(dir, run.who+"-"+name), data, 0o600)
	}
	var errs []error
	if said != nil {
		errs = append(errs, save("output", said))
	}
	for _, name := range names {
		journal, err := benchOn(ctx, name, `journalctl --no-pager --output short-precise
test ! -e /run/kubeadm.log || cat /run/kubeadm.log
cd /var/log/pods && grep -r --include '*.log' . || true`, "")
		errs = append(errs, err, save(name+".journal", []byte(journal)))
	}
	for _, kind := range []string{"events", "pods", "nodes", "csr"} {
		out, err := exec.CommandContext(ctx, "kubectl", "--kubeconfig", kubeconfig, "get", kind, "-A", "-o", "json").Output()
		errs = append(errs, err, save(kind+".json", out))
	}
	return errors.Join(errs...)
}
