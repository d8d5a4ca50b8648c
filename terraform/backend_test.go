package terraform

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/golden"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestBackendsAreWrittenAsTerraformReadsThem(t *testing.T) {
	for _, kind := range []string{"s3", "gcs", "azurerm"} {
		t.Run(kind, func(t *testing.T) {
			backend := BackendOf(with(t, "provision.state.backend="+kind, "provision.state.prefix=teams/web"))
			data, err := backend.encode()
			if err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", "backend-"+kind+".tf.json"), string(data))
			// The tool knows better whether these are its words.
			ws := plain(t, nil)
			if err := ws.writeBackend(backend); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"init", "-backend=false", "-input=false"}, {"validate"}} {
				cmd := exec.Command(ws.Tool.Path, args...)
				cmd.Dir = ws.Dir
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: %v\n%s", args[0], err, out)
				}
			}
			if err := ws.writeBackend(Backend{Type: "local"}); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(ws.Dir, backendFile)); err == nil {
				t.Error("the backend local has a file")
			}
		})
	}
	if data, err := BackendOf(config.Default()).encode(); data != nil || err != nil {
		t.Errorf("the backend local is %s, %v", data, err)
	}
}

// plain is a workspace of one resource that needs no provider, and the outputs of a module.
func plain(t *testing.T, env map[string]string) *Workspace {
	t.Helper()
	explicit := ""
	if _, err := exec.LookPath("terraform"); err != nil && os.Getenv(EnvTool) == "" {
		explicit = "../bin/tofu"
	}
	tool, err := Find(explicit)
	if err != nil {
		t.Skipf("SKIPPED, NOTHING WAS TESTED: %v", err)
	}
	tool.Providers = ""
	ws := &Workspace{Dir: t.TempDir(), Tool: tool, Env: env}
	change(t, ws, "1")
	return ws
}

func change(t *testing.T, ws *Workspace, version string) {
	t.Helper()
	text := `
resource "terraform_data" "vpc" {
  triggers_replace = ["` + version + `"]
}
output "endpoint" { value = "10.0.0.11:6443" }
output "machines" { value = ` + goodMachines + ` }
`
	if err := os.WriteFile(filepath.Join(ws.Dir, "main.tf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// apply proposes and applies, and returns what was proposed.
func apply(t *testing.T, ws *Workspace) Changes {
	t.Helper()
	p, err := ws.Propose(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	file, err := p.Apply(t.Context())
	if err != nil || len(file.Machines) != 1 {
		t.Fatalf("applied %+v, %v", file, err)
	}
	return p.Changes
}

func TestWhatWasProposedIsWhatIsApplied(t *testing.T) {
	t.Parallel()
	ws := plain(t, nil)
	p, err := ws.Propose(t.Context())
	if err != nil || p.String() != "1 to add, 0 to change, 0 to remove" {
		t.Fatalf("proposed %v, %v", p, err)
	}
	info, err := os.Stat(filepath.Join(ws.Dir, planFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the plan is readable by others: %v, %v", info.Mode(), err)
	}
	change(t, ws, "2") // too late
	if _, err := p.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(ws.Dir, planFile)); err == nil {
		t.Error("the plan's file is still there")
	}
	if changes := apply(t, ws); len(changes.Removed()) != 1 {
		t.Errorf("the change that came after the plan was applied with it: %v", changes)
	}
	if changes := apply(t, ws); changes.Any() {
		t.Errorf("a second run proposes %v", changes.Resources)
	}
}

func TestAPlanThatTimeHasPassedByIsRefused(t *testing.T) {
	t.Parallel()
	ws := plain(t, nil)
	p, err := ws.Propose(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ws.Apply(t.Context()); err != nil { // by somebody else
		t.Fatal(err)
	}
	if _, err := p.Apply(t.Context()); err == nil || !strings.Contains(ui.HintOf(err), "run the same command again") {
		t.Errorf("got %v with hint %q", err, ui.HintOf(err))
	}
	if _, err := os.Stat(filepath.Join(ws.Dir, planFile)); err == nil {
		t.Error("the plan's file is still there")
	}
}

// remote is the config of a cluster whose state is in a bucket.
func remote(t *testing.T, assignments ...string) config.Cluster {
	return with(t, append([]string{"provision.platform=aws", "provision.state.backend=s3", "provision.state.bucket=states"}, assignments...)...)
}

func TestTheStateLivesInABucket(t *testing.T) {
	t.Parallel()
	bucket, env := serveS3(t)
	ws := plain(t, env)
	if err := ws.writeBackend(BackendOf(remote(t))); err != nil {
		t.Fatal(err)
	}
	if move, err := ws.Moves(remote(t)); move != nil || err != nil {
		t.Errorf("before there is a state: %v, %v", move, err)
	}
	apply(t, ws)
	if keys := bucket.keys(); !slices.Equal(keys, []string{"states/turnup/demo/terraform.tfstate"}) {
		t.Errorf("in the bucket there is %v", keys)
	}
	if _, err := os.Stat(filepath.Join(ws.Dir, "terraform.tfstate")); err == nil {
		t.Error("there is a state in the workspace, too")
	}
	if known, err := ws.Known(t.Context()); err != nil || len(known) != 1 {
		t.Errorf("known is %v, %v", known, err)
	}

	// On another computer, with nothing but the config.
	other := plain(t, env)
	if err := other.writeBackend(BackendOf(remote(t))); err != nil {
		t.Fatal(err)
	}
	if changes := apply(t, other); changes.Any() {
		t.Errorf("another computer wants %v", changes.Resources)
	}

	bucket.put("states/turnup/demo/terraform.tfstate.tflock", `{"ID":"2d3fa1a6-6b0a-8f4c-9a44-0f9e1c8a7b55","Operation":"OperationTypeApply",
		"Who":"her@there","Version":"1.11.4","Created":"2026-11-22T10:00:00.5Z","Path":"states/turnup/demo/terraform.tfstate"}`)
	_, err := ws.Propose(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the state is locked by her@there") || !strings.Contains(ui.HintOf(err), "force-unlock -force 2d3fa1a6") {
		t.Errorf("with a lock: %v, hint %q", err, ui.HintOf(err))
	}
}

func TestAStateMovesWithItsBackend(t *testing.T) {
	t.Parallel()
	bucket, env := serveS3(t)
	ws := plain(t, env)
	apply(t, ws)
	there, back := remote(t), with(t, "provision.platform=aws")
	steps := []struct {
		name string
		to   config.Cluster
		keys int
	}{
		{"to a bucket", there, 1},
		{"to another place in it", remote(t, "provision.state.prefix=elsewhere"), 2},
		{"home again", back, 2},
	}
	for _, step := range steps {
		move, err := ws.Moves(step.to)
		if err != nil || move == nil {
			t.Fatalf("%s: %v, %v", step.name, move, err)
		}
		if err := ws.writeBackend(BackendOf(step.to)); err != nil {
			t.Fatal(err)
		}
		if err := move.Do(t.Context()); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if move, err := ws.Moves(step.to); move != nil || err != nil {
			t.Errorf("%s: it has to move again: %v, %v", step.name, move, err)
		}
		if changes := apply(t, ws); changes.Any() {
			t.Errorf("%s: the state was lost on the way: %v", step.name, changes.Resources)
		}
		if keys := bucket.keys(); len(keys) != step.keys {
			t.Errorf("%s: in the bucket there is %v", step.name, keys)
		}
	}
}

func TestAStateNeverReplacesAnotherOne(t *testing.T) {
	t.Parallel()
	bucket, env := serveS3(t)
	ws, other := plain(t, env), plain(t, env)
	apply(t, ws)
	if err := other.writeBackend(BackendOf(remote(t))); err != nil {
		t.Fatal(err)
	}
	apply(t, other)
	before := string(bucket.objects["states/turnup/demo/terraform.tfstate"])
	move, err := ws.Moves(remote(t))
	if err != nil || move == nil {
		t.Fatal(move, err)
	}
	if err := ws.writeBackend(move.To); err != nil {
		t.Fatal(err)
	}
	if err := move.Do(t.Context()); err == nil || !strings.Contains(err.Error(), "a state of other machines is there already") || ui.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
	if after := string(bucket.objects["states/turnup/demo/terraform.tfstate"]); after != before {
		t.Error("the other state was overwritten")
	}
}
