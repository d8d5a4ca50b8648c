package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const (
	benchTurnupName   = "bench-turnup"
	benchTurnupSubnet = "172.28.1.0/24"
)

// benchTurnup runs the plugin in a directory of its own.
type benchTurnup struct {
	plugin, bundle, dir string
	docker              *benchDocker
}

func newBenchTurnup(b *testing.B) *benchTurnup {
	return &benchTurnup{
		plugin: benchEnv(b, "KUBECTL_TURNUP"), bundle: benchEnv(b, "TURNUP_BUNDLE"),
		dir: b.TempDir(), docker: newBenchDocker(b),
	}
}

// close removes what a failed round has left.
func (t *benchTurnup) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := t.delete(ctx); err != nil {
		fmt.Println(err)
	}
	t.docker.close()
}

func (t *benchTurnup) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, t.plugin, args...)
	cmd.Dir = t.dir
	cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(t.dir, "kubeconfig"))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	return cmd
}

func (t *benchTurnup) plain(ctx context.Context, args ...string) error {
	out, err := t.command(ctx, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("kubectl turnup %s: %w: %s", args[0], err, bytes.TrimSpace(out))
	}
	return nil
}

func (t *benchTurnup) delete(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(t.dir, "clusters", benchTurnupName)); err != nil {
		return nil
	}
	return t.plain(ctx, "delete", benchTurnupName, "--yes")
}

// benchInputs are what machines are made of.
type benchInputs struct {
	Image string `json:"image"`
	Store string `json:"image_store"`
}

// warm has the plugin load the machine image and fill the store, and returns both.
func (t *benchTurnup) warm(ctx context.Context) (benchInputs, error) {
	var inputs benchInputs
	err := t.plain(ctx, "provision", benchTurnupName, "--bundle", t.bundle,
		"--set", "provision.local.subnet="+benchTurnupSubnet, "--set", "provision.workers=0")
	if err != nil {
		return inputs, err
	}
	data, err := os.ReadFile(filepath.Join(t.dir, "clusters", benchTurnupName, "terraform", "terraform.tfvars.json"))
	if err != nil {
		return inputs, err
	}
	if err := json.Unmarshal(data, &inputs); err != nil {
		return inputs, err
	}
	return inputs, t.delete(ctx)
}

// manifests builds the addon tree for a cluster in a subnet, and returns the
// directory of the manifests.
func (t *benchTurnup) manifests(ctx context.Context, subnet string) (string, error) {
	dir := filepath.Join(t.dir, "rendered")
	return filepath.Join(dir, "addons"), t.plain(ctx, "render", "--output", dir, "--set", "provision.local.subnet="+subnet)
}

// run creates the cluster, looks at it and deletes it.
func (t *benchTurnup) run(ctx context.Context, logs string) (benchRun, error) {
	run := benchRun{who: "turnup"}
	cmd := t.command(ctx, "create", benchTurnupName, "--bundle", t.bundle, "--progress", "json",
		"--set", "provision.local.subnet="+benchTurnupSubnet)
	var said bytes.Buffer
	cmd.Stderr = &said
	load := newBenchLoad()
	start := time.Now()
	err := cmd.Run()
	run.total = time.Since(start)
	load.stop(&run)
	if err != nil {
		return run, fmt.Errorf("kubectl turnup create: %w: %s", err, said.String())
	}
	run.steps = benchSteps(said.Bytes(), start)
	// Terraform and its provider are waited for, so they are counted in.
	run.client = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()

	machines, err := t.docker.machines(ctx, "dev.turnup.cluster="+benchTurnupName)
	if err != nil {
		return run, err
	}
	if err := t.docker.measure(ctx, machines, &run); err != nil {
		return run, err
	}
	if err := benchLookup(ctx, machines[len(machines)-1]); err != nil {
		return run, fmt.Errorf("create has returned, but DNS does not answer: %w", err)
	}
	if run.manager, err = benchManager(ctx, machines); err != nil {
		return run, err
	}
	kubeconfig := filepath.Join(t.dir, "clusters", benchTurnupName, "kubeconfig")
	if err := benchKeep(ctx, logs, run, machines, kubeconfig, said.Bytes()); err != nil {
		return run, err
	}
	return run, t.delete(ctx)
}

// benchSteps reads the steps from the JSON progress.
func benchSteps(progress []byte, start time.Time) []benchStep {
	var steps []benchStep
	lines := bufio.NewScanner(bytes.NewReader(progress))
	for lines.Scan() {
		var event struct {
			Time                      time.Time
			Type, Step, Parent, State string
			Seconds                   float64
		}
		if json.Unmarshal(lines.Bytes(), &event) != nil || event.Type != "step" || event.State == "started" {
			continue
		}
		took := time.Duration(event.Seconds * float64(time.Second))
		step := benchStep{name: event.Step, from: event.Time.Add(-took).Sub(start), took: took}
		if event.Parent != "" {
			step.name = "  " + event.Step
		}
		steps = append(steps, step)
	}
	return steps
}

// benchLoad measures how busy the whole computer is, to tell noise from cost.
type benchLoad struct {
	start       time.Time
	busy, total float64
}

func newBenchLoad() benchLoad {
	l := benchLoad{start: time.Now()}
	l.busy, l.total = benchBusy()
	return l
}

func (l benchLoad) stop(run *benchRun) {
	busy, total := benchBusy()
	if total > l.total {
		run.host, run.busy = busy-l.busy, (busy-l.busy)/(total-l.total)
	}
}

// benchBusy reads the CPU seconds of this computer, busy and all; zeros where
// there is no /proc/stat.
func benchBusy() (busy, total float64) {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	var user, nice, system, idle, wait, irq, soft, steal float64
	if _, err := fmt.Sscanf(string(data), "cpu %f %f %f %f %f %f %f %f", &user, &nice, &system, &idle, &wait, &irq, &soft, &steal); err != nil {
		return 0, 0
	}
	const hz = 100 // USER_HZ is 100 on every architecture that Kubernetes runs on
	busy = (user + nice + system + irq + soft + steal) / hz
	return busy, busy + (idle+wait)/hz
}
