package bootstrap

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/golden"
	"turnup.dev/kubectl-turnup/internal/machines"
)

func userData(t *testing.T, cfg config.Cluster, g machines.Group) []byte {
	t.Helper()
	data, err := UserData(cfg, pki.Placeholder(nil), g)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// realKeys are keys as a cluster has them: random bytes do not compress.
func realKeys(t *testing.T) *pki.PKI {
	t.Helper()
	keys, err := pki.Ensure(t.TempDir(), pki.Request{Cluster: "demo", Domain: "cluster.local"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestUserDataFitsIntoWhatAWSTakesWithRoomToSpare(t *testing.T) {
	// The longest names that a config may have, and more labels than anybody wants.
	g := machines.Group{
		Name:   strings.Repeat("c", 30) + "-" + strings.Repeat("p", 15),
		Labels: map[string]string{}, Subnets: []string{"10.0.0.0/16"},
	}
	for i := range 16 {
		g.Labels[fmt.Sprintf("example.com/a-rather-long-label-%d", i)] = fmt.Sprintf("with-a-long-value-%d", i)
		g.Taints = append(g.Taints, fmt.Sprintf("example.com/a-taint-%d=value:NoSchedule", i))
	}
	keys := realKeys(t)
	for _, platform := range []string{"aws", "gce", "azure"} {
		for _, image := range []string{"ubuntu", "debian", "flatcar"} {
			for proxy, spare := range map[string]int{"": 1024, "http://proxy.a-long-name.example.com:3128": 512} {
				cfg := on(t, platform, fmt.Sprintf("provision.%s.image=%s", platform, image),
					"bootstrap.container_runtime=docker", "bootstrap.registry=registry.a-long-name.example.com:5000/some/path/of/a/mirror",
					"bootstrap.proxy.http="+proxy, "bootstrap.proxy.https="+proxy)
				data, err := UserData(cfg, keys, g)
				if err != nil {
					t.Fatal(err)
				}
				if most := UserDataLimit - spare; len(data) > most {
					t.Errorf("%s, %s, proxy %q: %d bytes, want at most %d", platform, image, proxy, len(data), most)
				}
			}
		}
	}
}

func TestUserDataThatIsTooLongIsSaidToBe(t *testing.T) {
	g := gpus()
	for i := range 1000 {
		g.Taints = append(g.Taints, fmt.Sprintf("example.com/taint-%x=%d:NoSchedule", i*7919, i*104729))
	}
	cfg := on(t, "aws", "provision.aws.image=flatcar")
	if _, err := UserData(cfg, pki.Placeholder(nil), g); err == nil || !strings.Contains(err.Error(), "AWS takes 16384") {
		t.Errorf("got %v", err)
	}
}

// terraform does what the modules do with pool.user_data.
func terraform(data []byte, host string) string {
	return strings.ReplaceAll(string(data), EndpointHost, host)
}

func TestTerraformPutsTheEndpointIntoTheScript(t *testing.T) {
	data := userData(t, on(t, "aws"), gpus())
	if n := bytes.Count(data, []byte(EndpointHost)); n != 1 {
		t.Errorf("the endpoint's place is there %d times, want once", n)
	}
	script := terraform(data, "api-1.elb.example.com")
	unpack := exec.Command("sh", "-s", "unpack")
	unpack.Stdin = strings.NewReader(script)
	out, err := unpack.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := terraform(renderGroup(t, on(t, "aws"), gpus()).Ignition, "api-1.elb.example.com")
	if !strings.Contains(string(out), want) || strings.Contains(string(out), EndpointHost) {
		t.Errorf("the script unpacks to\n%s\nwant in it\n%s", out, want)
	}
}

func TestOnFlatcarUserDataIsIgnitionThatCanBeRead(t *testing.T) {
	data := userData(t, on(t, "aws", "provision.aws.image=flatcar"), gpus())
	text := terraform(data, "api-1.elb.example.com")
	if !strings.Contains(text, "server:%20https:%2F%2Fapi-1.elb.example.com:6443") {
		t.Errorf("the bootstrap kubeconfig does not name the endpoint:\n%s", text)
	}
	if encoded := base64.StdEncoding.EncodeToString([]byte(EndpointHost)); strings.Contains(text, encoded[:20]) {
		t.Error("a place of the endpoint is hidden in base64")
	}
}

func TestTheLoaderIsAsTheGoldenFileSays(t *testing.T) {
	cfg := on(t, "aws")
	golden.Check(t, filepath.Join("testdata", "golden", "demo-gpu.userdata"), string(userData(t, cfg, gpus())))
	golden.Check(t, filepath.Join("testdata", "golden", "demo-gpu.bootstrap"), string(bootstrapper(cfg, renderGroup(t, cfg, gpus()))))
}

func TestShellcheckFindsNothingInWhatMachinesRun(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("shellcheck is not installed")
	}
	scripts, err := filepath.Glob("image/*")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("runtime-image/install-*")
	if err != nil {
		t.Fatal(err)
	}
	cfg := on(t, "aws")
	args := append(append(scripts, more...), "host/identify")
	for name, script := range map[string][]byte{
		"userdata": userData(t, cfg, gpus()), "bootstrap": bootstrapper(cfg, renderGroup(t, cfg, gpus())),
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, script, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if out, err := exec.Command("shellcheck", args...).CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}
