package turnup

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/terraform"
)

// plugins is a plugin directory in which the test provider stands for the clouds'.
var plugins struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if plugins.dir != "" {
		os.RemoveAll(plugins.dir)
	}
	os.Exit(code)
}

const schemas = "../../../../terraform/testdata/providers"

func buildPlugins() (string, error) {
	dir, err := os.MkdirTemp("", "turnup-providers-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "schemaprovider")
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", program, "../../../../test/tools/schemaprovider")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("build the test provider: %w\n%s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(schemas, "hashicorp", "*", "*"))
	if err != nil {
		return dir, err
	}
	for _, from := range found {
		version, name := filepath.Base(from), filepath.Base(filepath.Dir(from))
		for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
			to := filepath.Join(dir, host, "hashicorp", name, version, runtime.GOOS+"_"+runtime.GOARCH)
			if err := os.CopyFS(to, os.DirFS(from)); err != nil {
				return dir, err
			}
			if err := os.Link(program, filepath.Join(to, "terraform-provider-"+name+"_v"+version)); err != nil {
				return dir, err
			}
		}
	}
	return dir, nil
}

// cloudStage is somebody at a computer with credentials, and an empty cloud.
type cloudStage struct {
	*Turnup
	t    *testing.T
	said bytes.Buffer
	// world is the directory of the cloud's objects.
	world string
}

func newCloudStage(t *testing.T, cfg config.Cluster, yes bool) *cloudStage {
	t.Helper()
	if _, err := exec.LookPath("terraform"); err != nil && os.Getenv(terraform.EnvTool) == "" {
		tofu, err := filepath.Abs("../../../../bin/tofu")
		if _, missing := os.Stat(tofu); err != nil || missing != nil {
			t.Skip("SKIPPED, NOTHING WAS TESTED: there is no terraform; `make tools` builds one")
		}
		t.Setenv(terraform.EnvTool, tofu)
	}
	plugins.once.Do(func() { plugins.dir, plugins.err = buildPlugins() })
	if plugins.err != nil {
		t.Fatal(plugins.err)
	}
	s := &cloudStage{t: t, world: t.TempDir()}
	t.Setenv(terraform.EnvProviders, plugins.dir)
	t.Setenv("SCHEMAPROVIDER_WORLD", s.world)
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "of-a-test", "GOOGLE_OAUTH_ACCESS_TOKEN": "of-a-test", "ARM_SUBSCRIPTION_ID": "0", "ARM_USE_MSI": "true",
	} {
		t.Setenv(name, value)
	}
	t.Chdir(t.TempDir())
	s.Turnup = &Turnup{
		Home: home.Of("clusters", cfg.Cluster.Name), Config: cfg, Kubeconfig: "kubeconfig",
		Out: ui.New(&s.said, ui.Options{Yes: yes}),
	}
	s.Home.Dir, _ = filepath.Abs(s.Home.Dir)
	return s
}

// provision is the verb.
func (s *cloudStage) provision() error {
	end, err := s.Begin()
	if err != nil {
		return err
	}
	defer end()
	return s.Provision(s.t.Context())
}

// things counts what is in the cloud.
func (s *cloudStage) things() int {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.world, "*.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(files)
}

func (s *cloudStage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%v\n%s", err, s.said.String())
	}
}

func TestACloudIsPlannedAgreedToMadeAndRemoved(t *testing.T) {
	for _, platform := range []string{"aws", "gce", "azure"} {
		t.Run(platform, func(t *testing.T) {
			s := newCloudStage(t, testdir.On(t, platform, "provision."+platform+".ssh_cidrs=203.0.113.7/32"), true)

			changes, err := s.DryRun(t.Context())
			s.must(err)
			if _, err := os.Stat("clusters"); !changes.Any() || err == nil || s.things() > 0 {
				t.Fatalf("a dry run: %s, and it touched something (%v)", changes, err)
			}
			s.must(s.provision())
			file, err := s.Home.ReadMachines()
			s.must(err)
			if len(file.Machines) != 1 || len(file.Groups) != 1 || file.Machines[0].Transport.SSH == nil {
				t.Errorf("machines are %+v", file)
			}
			if _, err := os.Stat(filepath.Join(s.Home.PKI(), "ssh")); err != nil {
				t.Error(err)
			}
			if !strings.Contains(s.said.String(), fmt.Sprintf("The plan for demo, %s:", changes)) {
				t.Errorf("the plan was not shown:\n%s", s.said.String())
			}

			before := s.things()
			s.said.Reset()
			s.must(s.provision())
			if strings.Contains(s.said.String(), "The plan for") || s.things() != before {
				t.Errorf("a second run wants something:\n%s", s.said.String())
			}
			if changes, err = s.DryRun(t.Context()); err != nil || changes.Any() {
				t.Errorf("a dry run of what is there: %s, %v", changes, err)
			}
			s.Config.Provision.Workers = 5
			if changes, err = s.DryRun(t.Context()); err != nil || len(changes.Removed()) > 0 || changes.Change == 0 {
				t.Errorf("more workers: %v, %v", changes.Resources, err)
			}

			t.Setenv(terraform.EnvTool, terraformPath(t))
			t.Setenv("PATH", t.TempDir()) // no command line of a cloud
			s.must(s.Delete(t.Context()))
			if s.things() > 0 || s.Home.Exists() {
				t.Errorf("after delete there are %d things in the cloud", s.things())
			}
			if !strings.Contains(s.said.String(), "nobody has looked for what is left") {
				t.Errorf("it does not say that nobody looked:\n%s", s.said.String())
			}
		})
	}
}

func terraformPath(t *testing.T) string {
	t.Helper()
	tool, err := terraform.Find("")
	if err != nil {
		t.Fatal(err)
	}
	return tool.Path
}

func TestWhoDoesNotAgreeToAPlanLeavesNothing(t *testing.T) {
	s := newCloudStage(t, testdir.On(t, "aws"), false)
	if err := s.provision(); err == nil || !strings.Contains(err.Error(), "Apply this plan") || !strings.Contains(ui.HintOf(err), "--yes") {
		t.Errorf("got %v with hint %q", err, ui.HintOf(err))
	}
	if _, err := os.Stat("clusters"); err == nil || s.things() > 0 {
		t.Error("something was made all the same")
	}
}

func TestWithoutCredentialsNothingBegins(t *testing.T) {
	s := newCloudStage(t, testdir.On(t, "aws"), true)
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", t.TempDir())
	if err := s.provision(); err == nil || !strings.Contains(err.Error(), "no credentials for AWS") || ui.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat("clusters"); err == nil {
		t.Error("a directory was made")
	}
}
