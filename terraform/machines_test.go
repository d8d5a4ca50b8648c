package terraform_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/terraform"
	"turnup.dev/kubectl-turnup/terraform/local"
)

// The whole phase with the real tool, the real provider and the real daemon; the
// machines hold a program that only waits, so it takes seconds.
func TestMachinesComeAndGo(t *testing.T) {
	room := newRoom(t)
	ctx, ws := t.Context(), room.workspace(t)
	step := stopwatch(t)

	file, err := ws.Apply(ctx)
	step("init and apply")
	ok(t, err)
	ok(t, file.Validate())
	if got := len(file.Machines); got != 2 {
		t.Fatalf("there are %d machines, want 2: %+v", got, file)
	}
	if first := file.WithRole(machines.ControlPlane)[0]; file.Endpoint != first.Address+":6443" || first.Transport.Docker.Container != room.cfg.Cluster.Name+"-control-plane-0" {
		t.Errorf("endpoint %s does not fit %+v", file.Endpoint, first)
	}

	room.planIsEmpty(t, ws, "right after apply")
	room.inputs.MTU = 1300
	ok(t, ws.Prepare(room.cfg, room.inputs))
	step("second plan")
	room.planIsEmpty(t, ws, "after Docker's MTU changed")

	again, err := ws.Outputs(ctx)
	ok(t, err)
	if !bytes.Equal(again.Encode(), file.Encode()) {
		t.Errorf("the outputs read later differ:\n%s\n%s", again.Encode(), file.Encode())
	}
	step("outputs")

	worker := room.cfg.Cluster.Name + "-worker-0"
	ok(t, room.api.ContainerRestart(ctx, worker, container.StopOptions{}))
	room.planIsEmpty(t, ws, "after a restart of a machine")

	// A killed machine stays down until someone starts it; the next apply does, without replacing it.
	before := room.inspect(t, worker)
	ok(t, room.api.ContainerKill(ctx, worker, "KILL"))
	time.Sleep(500 * time.Millisecond)
	if room.inspect(t, worker).State.Running {
		t.Error("a killed machine started by itself")
	}
	step("restart, plan, kill")
	if _, err := ws.Apply(ctx); err != nil {
		t.Fatal(err)
	}
	if after := room.inspect(t, worker); !after.State.Running || after.ID != before.ID {
		t.Errorf("after apply the killed machine is running: %v, replaced: %v", after.State.Running, after.ID != before.ID)
	}
	step("apply starts the killed one")

	if data, err := os.ReadFile(filepath.Join(ws.Dir, terraform.LogFile)); err != nil || !strings.Contains(string(data), "Creation complete") {
		t.Errorf("the log does not tell of the creation (%v)", err)
	}
	ok(t, ws.Destroy(ctx))
	room.isEmpty(t, "after destroy")
	step("destroy")
}

func TestALostStateIsNoObstacle(t *testing.T) {
	room := newRoom(t)
	ctx, ws := t.Context(), room.workspace(t)
	room.cfg.Provision.Workers = 0
	ok(t, ws.Prepare(room.cfg, room.inputs))
	if _, err := ws.Apply(ctx); err != nil {
		t.Fatal(err)
	}
	ok(t, os.Remove(filepath.Join(ws.Dir, "terraform.tfstate")))

	// Without the state the names are in the way, and the error says so …
	_, err := ws.Apply(ctx)
	if err == nil || !strings.Contains(err.Error(), "already") {
		t.Fatalf("apply over orphans said %v", err)
	}
	// … and the labels tell that they are ours to replace.
	known, err := ws.Known(ctx)
	ok(t, err)
	strays, err := room.docker.RemoveStrays(ctx, room.cfg.Cluster.Name, known)
	ok(t, err)
	if len(strays) == 0 {
		t.Error("no strays were found")
	}
	if _, err := ws.Apply(ctx); err != nil {
		t.Fatal(err)
	}
	ok(t, os.WriteFile(filepath.Join(ws.Dir, "terraform.tfstate"), []byte(`{"version": 4, "resou`), 0o600))
	if err := ws.Destroy(ctx); !strings.Contains(ui.HintOf(err), "terraform.tfstate.backup") {
		t.Errorf("destroy with half a state said %v with hint %q", err, ui.HintOf(err))
	}
	removed, err := room.docker.Delete(ctx, room.cfg.Cluster.Name)
	ok(t, err)
	if len(removed) != 3 {
		t.Errorf("delete removed %v, want a container, a network and a volume", removed)
	}
	room.isEmpty(t, "after delete")
}

func TestAnInterruptedApplyGoesOnLater(t *testing.T) {
	room := newRoom(t)
	ws := room.workspace(t)
	ctx, cancel := context.WithCancel(t.Context())
	ws.Progress = func(string) { cancel() } // at the first thing it does
	_, err := ws.Apply(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("an interrupted apply returned %v", err)
	}
	ws.Progress = nil
	// As create does: what was made in the very moment is in no state.
	known, err := ws.Known(t.Context())
	ok(t, err)
	_, err = room.docker.RemoveStrays(t.Context(), room.cfg.Cluster.Name, known)
	ok(t, err)
	if _, err := ws.Apply(t.Context()); err != nil {
		t.Fatalf("apply after an interruption: %v", err)
	}
	room.planIsEmpty(t, ws, "after the second apply")
	// Cleaned up by label, with the state still there: destroy has nothing left to do.
	_, err = room.docker.Delete(t.Context(), room.cfg.Cluster.Name)
	ok(t, err)
	ok(t, ws.Destroy(t.Context()))
	room.isEmpty(t, "after delete")
}

// room is a cluster of its own, gone when the test ends.
type room struct {
	docker *local.Docker
	api    *client.Client
	tool   terraform.Tool
	cfg    config.Cluster
	inputs terraform.Inputs
}

func newRoom(t *testing.T) *room {
	t.Helper()
	t.Parallel() // nearly all of the time is the provider's sleeping
	docker, err := local.Connect(t.Context())
	if err != nil {
		t.Skipf("SKIPPED, NOTHING WAS TESTED: %v", err)
	}
	tool := findTool(t)
	if tool.Providers == "" {
		tool.Providers, err = filepath.Abs("../bin/terraform-providers")
		ok(t, err)
		if _, err := os.Stat(tool.Providers); err != nil {
			t.Skip("SKIPPED, NOTHING WAS TESTED: there is no Docker provider in bin/; go run ./test/tools/install makes one")
		}
	}
	api, err := client.NewClientWithOpts(client.WithHost(docker.Host), client.WithAPIVersionNegotiation())
	ok(t, err)
	var random [4]byte
	_, err = rand.Read(random[:])
	ok(t, err)
	cfg := config.Default()
	cfg.Cluster.Name = "test-" + hex.EncodeToString(random[:])
	cfg.Provision.Workers = 1
	cfg.Provision.Local.Subnet = fmt.Sprintf("10.%d.%d.0/24", 200+random[0]%50, random[1])
	r := &room{docker: docker, api: api, tool: tool, cfg: cfg, inputs: terraform.Inputs{MTU: 1400, WorkerMemory: 512}}
	r.inputs.Image = r.image(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := docker.Delete(ctx, cfg.Cluster.Name); err != nil {
			t.Error(err)
		}
		if _, err := api.ImageRemove(ctx, r.inputs.Image, image.RemoveOptions{Force: true, PruneChildren: true}); err != nil && !cerrdefs.IsNotFound(err) {
			t.Error(err)
		}
		ok(t, errors.Join(api.Close(), docker.Close()))
	})
	return r
}

func (r *room) workspace(t *testing.T) *terraform.Workspace {
	t.Helper()
	ws := &terraform.Workspace{Dir: filepath.Join(t.TempDir(), "terraform"), Tool: r.tool, Env: r.docker.Env()}
	ok(t, ws.Prepare(r.cfg, r.inputs))
	return ws
}

// image makes a machine image of nothing but an idle init, unlike any other.
func (r *room) image(t *testing.T) string {
	t.Helper()
	idle := filepath.Join(t.TempDir(), "idle")
	build := exec.Command("go", "build", "-o", idle, "./testdata/idle")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build idle: %v\n%s", err, out)
	}
	data, err := os.ReadFile(idle)
	ok(t, err)
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, dir := range []string{"var/", "tmp/", "run/", "sbin/"} {
		ok(t, w.WriteHeader(&tar.Header{Name: dir, Mode: 0o755, Typeflag: tar.TypeDir}))
	}
	ok(t, w.WriteHeader(&tar.Header{Name: "sbin/init", Mode: 0o755, Size: int64(len(data))}))
	_, err = w.Write(data)
	ok(t, err)
	ok(t, w.Close())
	ref := "turnup-" + r.cfg.Cluster.Name + ":latest"
	body, err := r.api.ImageImport(t.Context(), image.ImportSource{Source: &layer, SourceName: "-"}, ref,
		image.ImportOptions{Changes: []string{`ENTRYPOINT ["/sbin/init"]`}, Message: r.cfg.Cluster.Name})
	ok(t, err)
	_, err = io.Copy(io.Discard, body)
	ok(t, errors.Join(err, body.Close()))
	found, err := r.api.ImageInspect(t.Context(), ref)
	ok(t, err)
	return found.ID
}

func (r *room) inspect(t *testing.T, name string) container.InspectResponse {
	t.Helper()
	c, err := r.api.ContainerInspect(t.Context(), name)
	ok(t, err)
	return c
}

func (r *room) planIsEmpty(t *testing.T, ws *terraform.Workspace, when string) {
	t.Helper()
	changes, err := ws.Plan(t.Context())
	ok(t, err)
	if changes.Any() {
		t.Errorf("the plan %s wants %s: %v", when, changes, changes.Resources)
	}
}

func (r *room) isEmpty(t *testing.T, when string) {
	t.Helper()
	rest, err := r.docker.Leftovers(t.Context(), r.cfg.Cluster.Name)
	ok(t, err)
	if len(rest) > 0 {
		t.Errorf("%s there is still %v", when, rest)
	}
}

func stopwatch(t *testing.T) func(string) {
	last := time.Now()
	return func(what string) {
		t.Logf("%-28s %5.1fs", what, time.Since(last).Seconds())
		last = time.Now()
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheModuleRefusesWrongVariables(t *testing.T) {
	room := newRoom(t)
	for name, c := range map[string]struct {
		change func(*config.Cluster, *terraform.Inputs)
		want   string
	}{
		"a name in capitals":       {func(c *config.Cluster, _ *terraform.Inputs) { c.Cluster.Name = "UP" }, "cluster_name has 1 to 30 characters"},
		"a subnet with host bits":  {func(c *config.Cluster, _ *terraform.Inputs) { c.Provision.Local.Subnet = "10.0.0.5/24" }, "whose host bits are zero"},
		"a subnet that is tiny":    {func(c *config.Cluster, _ *terraform.Inputs) { c.Provision.Local.Subnet = "10.0.0.0/28" }, "prefix of /16 to /24"},
		"a subnet that is no CIDR": {func(c *config.Cluster, _ *terraform.Inputs) { c.Provision.Local.Subnet = "here" }, "prefix of /16 to /24"},
		"no control plane":         {func(c *config.Cluster, _ *terraform.Inputs) { c.Provision.ControlPlanes = 0 }, "control_planes is a whole number from 1 to 9"},
		"a MTU of nothing":         {func(_ *config.Cluster, in *terraform.Inputs) { in.MTU = 5 }, "mtu is a number from 1280 to 65535"},
		"no image":                 {func(_ *config.Cluster, in *terraform.Inputs) { in.Image = "" }, "name the machine image"},
	} {
		t.Run(name, func(t *testing.T) {
			ws, cfg, inputs := room.workspace(t), room.cfg, room.inputs
			c.change(&cfg, &inputs)
			ok(t, ws.Prepare(cfg, inputs))
			if _, err := ws.Plan(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestAMissingProviderNamesTheWayOut(t *testing.T) {
	room := newRoom(t)
	ws := room.workspace(t)
	ws.Tool.Providers = t.TempDir()
	_, err := ws.Plan(t.Context())
	if err == nil || !strings.Contains(ui.HintOf(err), terraform.EnvProviders) {
		t.Errorf("got %v with hint %q", err, ui.HintOf(err))
	}
	t.Log(err)
}
