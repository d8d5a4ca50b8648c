package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
)

// daemon is Docker, looked at without the code under test.
type daemon struct{ *client.Client }

func newDaemon(t testing.TB) daemon {
	t.Helper()
	api, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = api.Close() })
	return daemon{api}
}

// subnet finds addresses that no Docker network has. It starts anywhere, so
// that two runs at the same time seldom want the same.
func (d daemon) subnet(ctx context.Context, t testing.TB) string {
	t.Helper()
	networks, err := d.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	taken := func(p netip.Prefix) bool {
		return slices.ContainsFunc(networks, func(n network.Summary) bool {
			return slices.ContainsFunc(n.IPAM.Config, func(c network.IPAMConfig) bool {
				other, err := netip.ParsePrefix(c.Subnet)
				return err == nil && other.Overlaps(p)
			})
		})
	}
	first := rand.IntN(200)
	for i := range 200 {
		p := netip.MustParsePrefix(fmt.Sprintf("172.29.%d.0/24", 20+(first+i)%200))
		if !taken(p) {
			return p.String()
		}
	}
	t.Fatal("all of 172.29.0.0/16 is in use by Docker networks")
	return ""
}

// object is a Docker object with its cluster's label.
type object struct{ kind, name, id, started string }

// objects lists everything with the cluster's label.
func (d daemon) objects(ctx context.Context, cluster string) ([]object, error) {
	label := filters.NewArgs(filters.Arg("label", "dev.turnup.cluster="+cluster))
	var list []object
	containers, err := d.ContainerList(ctx, container.ListOptions{All: true, Filters: label})
	if err != nil {
		return nil, err
	}
	for _, c := range containers {
		info, err := d.ContainerInspect(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, object{"container", strings.TrimPrefix(info.Name, "/"), c.ID, info.State.StartedAt})
	}
	networks, err := d.NetworkList(ctx, network.ListOptions{Filters: label})
	if err != nil {
		return nil, err
	}
	for _, n := range networks {
		list = append(list, object{"network", n.Name, n.ID, n.Created.String()})
	}
	volumes, err := d.VolumeList(ctx, volume.ListOptions{Filters: label})
	if err != nil {
		return nil, err
	}
	for _, v := range volumes.Volumes {
		list = append(list, object{"volume", v.Name, v.Name, v.CreatedAt})
	}
	slices.SortFunc(list, func(a, b object) int { return strings.Compare(a.kind+a.name, b.kind+b.name) })
	return list, nil
}

// remove removes what carries the cluster's label, by id.
func (d daemon) remove(ctx context.Context, cluster string) error {
	list, err := d.objects(ctx, cluster)
	if err != nil {
		return err
	}
	for _, o := range list { // containers come first in the alphabet
		switch o.kind {
		case "container":
			err = d.ContainerRemove(ctx, o.id, container.RemoveOptions{Force: true, RemoveVolumes: true})
		case "network":
			err = d.NetworkRemove(ctx, o.id)
		case "volume":
			err = d.VolumeRemove(ctx, o.id, true)
		}
		if err != nil {
			return fmt.Errorf("remove %s %s: %w", o.kind, o.name, err)
		}
	}
	return nil
}

// on runs a script on a machine, with stdin, and returns what it wrote.
func (d daemon) on(ctx context.Context, machine, stdin, script string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	exec, err := d.ContainerExecCreate(ctx, machine, container.ExecOptions{
		Cmd: []string{"bash", "-c", script}, AttachStdin: true, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return "", fmt.Errorf("run on %s: %w", machine, err)
	}
	stream, err := d.ContainerExecAttach(ctx, exec.ID, container.ExecAttachOptions{})
	if err != nil {
		return "", fmt.Errorf("run on %s: %w", machine, err)
	}
	defer stream.Close()
	defer context.AfterFunc(ctx, stream.Close)()
	if _, err := stream.Conn.Write([]byte(stdin)); err != nil {
		return "", fmt.Errorf("run on %s: %w", machine, err)
	}
	if err := stream.CloseWrite(); err != nil {
		return "", fmt.Errorf("run on %s: %w", machine, err)
	}
	var out, said bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &said, stream.Reader); err != nil {
		return "", fmt.Errorf("run on %s: %w", machine, err)
	}
	state, err := d.ContainerExecInspect(ctx, exec.ID)
	if err != nil {
		return "", fmt.Errorf("run on %s: %w", machine, err)
	}
	if state.ExitCode != 0 {
		return out.String(), fmt.Errorf("on %s: exit code %d: %s", machine, state.ExitCode, said.String())
	}
	return out.String(), nil
}

// must runs a script on a machine that is wanted to succeed.
func (d daemon) must(ctx context.Context, t testing.TB, machine, stdin, script string) string {
	t.Helper()
	out, err := d.on(ctx, machine, stdin, script)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
