package terraform_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/terraform"
)

// With realProviders, the matrix meets the providers of the registry (or of
// TURNUP_TERRAFORM_PROVIDERS) and your credentials, and only plans; with
// realApply it also makes the machines, and removes them.
const (
	realProviders = "TURNUP_REAL_PROVIDERS"
	realApply     = "TURNUP_REAL_APPLY"
)

// providers is where the schemas of the providers are; its layout is that of a
// plugin directory: hashicorp/aws/6.47.0.
const providers = "testdata/providers"

func TestMain(m *testing.M) {
	code := m.Run()
	if mirror.dir != "" {
		os.RemoveAll(mirror.dir)
	}
	os.Exit(code)
}

// site is a cloud of its own in which nothing is yet, and a workspace for it.
type site struct {
	*terraform.Workspace
	// world is the directory of the cloud's objects; "" is a real cloud.
	world string
}

// newSite makes an empty cloud and an empty workspace for it.
func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{Workspace: &terraform.Workspace{Dir: filepath.Join(t.TempDir(), "terraform"), Tool: findTool(t)}}
	if os.Getenv(realProviders) == "" {
		s.world = t.TempDir()
		s.Tool.Providers = mirror.get(t)
		s.Env = map[string]string{"SCHEMAPROVIDER_WORLD": s.world}
	}
	return s
}

// newTinySite has the module of testdata/tiny in it.
func newTinySite(t testing.TB) *site {
	t.Helper()
	s := newSite(t)
	s.write(t, os.DirFS("testdata/tiny"))
	return s
}

// write puts the module's files into the workspace.
func (s *site) write(t testing.TB, module fs.FS) {
	t.Helper()
	ok(t, os.MkdirAll(s.Dir, 0o700))
	files, err := fs.Glob(module, "*.tf")
	ok(t, err)
	for _, name := range files {
		data, err := fs.ReadFile(module, name)
		ok(t, err)
		ok(t, os.WriteFile(filepath.Join(s.Dir, name), data, 0o600))
	}
}

// vars sets variables of the module.
func (s *site) vars(t testing.TB, vars map[string]any) {
	t.Helper()
	if vars == nil {
		vars = map[string]any{}
	}
	data, err := json.Marshal(vars)
	ok(t, err)
	ok(t, os.WriteFile(filepath.Join(s.Dir, "terraform.tfvars.json"), data, 0o600))
}

// fault is something that goes wrong in the cloud: see test/tools/schemaprovider.
type fault struct {
	On     string `json:"on"`
	Type   string `json:"type,omitempty"`
	Nth    int    `json:"nth,omitempty"`
	Do     string `json:"do"`
	Says   string `json:"says,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// faults decides what goes wrong from now on; none heals the cloud.
func (s *site) faults(t testing.TB, list ...fault) {
	t.Helper()
	data, err := json.Marshal(list)
	ok(t, err)
	s.Env["SCHEMAPROVIDER_FAULTS"] = string(data)
}

// object is one thing in the cloud.
type object struct {
	Type   string         `json:"type"`
	ID     string         `json:"id"`
	Config map[string]any `json:"config"`
	Values map[string]any `json:"values"`
	file   string
}

// objects are all things in the cloud, or those of one type.
func (s *site) objects(t testing.TB, kind string) []object {
	t.Helper()
	return objects(t, s.world, kind)
}

// questions are what data sources were asked for.
func (s *site) questions(t testing.TB) []object {
	t.Helper()
	return objects(t, filepath.Join(s.world, "data"), "")
}

func objects(t testing.TB, dir, kind string) []object {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, kind+"*.json"))
	ok(t, err)
	var list []object
	for _, file := range paths {
		data, err := os.ReadFile(file)
		ok(t, err)
		o := object{file: file}
		ok(t, json.Unmarshal(data, &o))
		if kind == "" || o.Type == kind {
			list = append(list, o)
		}
	}
	return list
}

// planIsEmpty fails the test if there is something to do.
func (s *site) planIsEmpty(t testing.TB, when string) {
	t.Helper()
	changes, err := s.Plan(t.Context())
	ok(t, err)
	if changes.Any() {
		t.Errorf("the plan %s wants %s: %v", when, changes, changes.Resources)
	}
}

// isEmpty fails the test if something is left in the cloud.
func (s *site) isEmpty(t testing.TB, when string) {
	t.Helper()
	for _, o := range s.objects(t, "") {
		t.Errorf("%s there is still %s %s", when, o.Type, o.ID)
	}
}

// with is the default config with some assignments.
func with(t testing.TB, assignments ...string) config.Cluster {
	t.Helper()
	cfg := config.Default()
	ok(t, config.Set(&cfg, assignments...))
	return cfg
}

// findTool finds terraform or tofu, or skips the test.
func findTool(t testing.TB) terraform.Tool {
	t.Helper()
	explicit := ""
	if _, err := exec.LookPath("terraform"); err != nil && os.Getenv(terraform.EnvTool) == "" {
		explicit = "../bin/tofu"
	}
	tool, err := terraform.Find(explicit)
	if err != nil {
		t.Skipf("SKIPPED, NOTHING WAS TESTED: %v", err)
	}
	return tool
}

// mirror is a plugin directory in which the test provider stands for every
// provider that there is a schema of; built once, by the first test that asks.
var mirror plugins

type plugins struct {
	once sync.Once
	dir  string
	err  error
}

func (p *plugins) get(t testing.TB) string {
	t.Helper()
	p.once.Do(func() { p.dir, p.err = buildMirror(t.Context()) })
	if p.err != nil {
		t.Fatal(p.err)
	}
	return p.dir
}

func buildMirror(ctx context.Context) (string, error) {
	// The test cache sees what this process reads, and not what the compiler does.
	sources, err := filepath.Glob("../test/tools/schemaprovider/*.go")
	if err != nil {
		return "", err
	}
	for _, name := range sources {
		if _, err := os.ReadFile(name); err != nil {
			return "", err
		}
	}
	dir, err := os.MkdirTemp("", "turnup-providers-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "schemaprovider")
	build := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w", "-o", program, "../test/tools/schemaprovider")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the test provider: %w\n%s", err, out)
	}
	schemas, err := filepath.Glob(filepath.Join(providers, "*", "*", "*", "schema.json.gz"))
	if err != nil || len(schemas) == 0 {
		return "", errors.Join(err, errors.New("there are no schemas in "+providers))
	}
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		for _, schema := range schemas {
			from := filepath.Dir(schema) // testdata/providers/hashicorp/aws/6.47.0
			of, err := filepath.Rel(providers, from)
			if err != nil {
				return "", err
			}
			if err := place(filepath.Join(dir, host, of, runtime.GOOS+"_"+runtime.GOARCH), program, from); err != nil {
				return "", err
			}
		}
	}
	return dir, nil
}

// place makes the package of one provider: the program under its name, and what it reads.
func place(dir, program, from string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	version, name := filepath.Base(from), filepath.Base(filepath.Dir(from))
	if err := os.Link(program, filepath.Join(dir, "terraform-provider-"+name+"_v"+version)); err != nil {
		return err
	}
	for _, file := range []string{"schema.json.gz", "manners.json"} {
		data, err := os.ReadFile(filepath.Join(from, file))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// tool runs terraform itself, where the workspace has no verb for it.
func (s *site) tool(t testing.TB, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.Tool.Path, args...)
	cmd.Dir = s.Dir
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=")
	for name, value := range s.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}
