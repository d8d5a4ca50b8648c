package host

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// metadata answers as the metadata servers of the clouds do: AWS's not without
// a token, the others not without their header.
func metadata(t *testing.T) string {
	t.Helper()
	answers := map[string]string{
		"/latest/meta-data/instance-id":                 "i-0abc123DEF4567890",
		"/latest/meta-data/placement/availability-zone": "us-east-1a",
		"/latest/meta-data/placement/region":            "us-east-1",
		"/latest/meta-data/instance-type":               "t3.medium",
		"/computeMetadata/v1/instance/id":               "5678901234567890123",
		"/computeMetadata/v1/instance/name":             "demo-worker-x7f2",
		"/computeMetadata/v1/instance/zone":             "projects/123/zones/us-central1-b",
		"/computeMetadata/v1/instance/machine-type":     "projects/123/machineTypes/e2-medium",
		"/computeMetadata/v1/project/project-id":        "my-project",
		"/metadata/instance/compute/vmId":               "02aab8a4-74ef-476e-8182-f6d2ba4166a6",
		"/metadata/instance/compute/resourceId":         "/subscriptions/8d10/resourceGroups/Demo-RG/providers/Microsoft.Compute/virtualMachineScaleSets/Pool/virtualMachines/3",
		"/metadata/instance/compute/location":           "westeurope",
		"/metadata/instance/compute/zone":               "2",
		"/metadata/instance/compute/vmSize":             "Standard_B2s",
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := r.Header
		switch {
		case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" && h.Get("X-aws-ec2-metadata-token-ttl-seconds") != "":
			_, _ = w.Write([]byte("a token"))
			return
		case strings.HasPrefix(r.URL.Path, "/latest/") && h.Get("X-aws-ec2-metadata-token") == "a token",
			strings.HasPrefix(r.URL.Path, "/computeMetadata/") && h.Get("Metadata-Flavor") == "Google",
			strings.HasPrefix(r.URL.Path, "/metadata/") && h.Get("Metadata") == "true" && r.URL.Query().Get("format") == "text":
			if answer, ok := answers[r.URL.Path]; ok {
				_, _ = w.Write([]byte(answer))
				return
			}
		}
		http.Error(w, "no", http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// identify runs the script on a host of a name, and returns what it wrote.
func identify(t *testing.T, hostname, server string, args ...string) (map[string]string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range map[string]string{
		"uname": "#!/bin/sh\necho " + hostname + "\n",
		"ip":    "#!/bin/sh\necho '192.0.2.1 via 10.0.0.1 dev ens5 src 10.0.1.7 uid 0'\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	machineID := filepath.Join(dir, "machine-id")
	if err := os.WriteFile(machineID, []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", append([]string{"identify"}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"),
		"TURNUP_RUN="+dir, "TURNUP_METADATA="+server, "TURNUP_MACHINE_ID="+machineID, "no_proxy=*")
	if out, err := cmd.CombinedOutput(); err != nil {
		return map[string]string{"": string(out)}, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "machine.env"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		found[strings.TrimPrefix(key, "TURNUP_")] = value
	}
	return found, nil
}

func TestAMachineOfAGroupFindsOutWhoItIs(t *testing.T) {
	server := metadata(t)
	aws := map[string]string{
		"NAME": "demo-worker-0abc123def4567890", "ADDRESS": "10.0.1.7", "PROVIDER_ID": "aws:///us-east-1a/i-0abc123DEF4567890",
		"LABELS": ",topology.kubernetes.io/region=us-east-1,topology.kubernetes.io/zone=us-east-1a,node.kubernetes.io/instance-type=t3.medium",
	}
	gce := map[string]string{
		"NAME": "demo-worker-x7f2", "ADDRESS": "10.0.1.7", "PROVIDER_ID": "gce://my-project/us-central1-b/demo-worker-x7f2",
		"LABELS": ",topology.kubernetes.io/region=us-central1,topology.kubernetes.io/zone=us-central1-b,node.kubernetes.io/instance-type=e2-medium",
	}
	azure := map[string]string{
		"NAME": "demo-worker-000003", "ADDRESS": "10.0.1.7",
		"PROVIDER_ID": "azure:///subscriptions/8d10/resourceGroups/demo-rg/providers/Microsoft.Compute/virtualMachineScaleSets/Pool/virtualMachines/3",
		"LABELS":      ",topology.kubernetes.io/region=westeurope,topology.kubernetes.io/zone=westeurope-2,node.kubernetes.io/instance-type=Standard_B2s",
	}
	none := map[string]string{"NAME": "demo-worker-0123456789ab", "ADDRESS": "10.0.1.7", "PROVIDER_ID": "", "LABELS": ""}
	// The longest group: a name has 63 characters, so the id keeps its end.
	long := "demo-" + strings.Repeat("c", 26) + "-" + strings.Repeat("p", 15)
	for _, c := range []struct {
		what, hostname, cloud, group string
		want                         map[string]string
	}{
		{"AWS names its hosts after their addresses", "ip-10-0-1-7.ec2.internal", "aws", "demo-worker", aws},
		{"Google names them after the group", "demo-worker-x7f2.c.my-project.internal", "gce", "demo-worker", gce},
		{"Azure too, in capitals for all we know", "DEMO-WORKER-000003", "azure", "demo-worker", azure},
		{"without a cloud the machine's own id tells them apart", "debian", "none", "demo-worker", none},
		{"a name that is another group's is none of this one", "demo-worker-gpu-1", "none", "demo-worker", none},
	} {
		got, err := identify(t, c.hostname, server, c.cloud, c.group)
		if err != nil {
			t.Errorf("%s: %v: %s", c.what, err, got[""])
		} else if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.what, diff)
		}
	}
	got, err := identify(t, "ip-10-0-1-7", server, "aws", long)
	if name := got["NAME"]; err != nil || len(name) != 63 || !strings.HasSuffix(name, "-bc123def4567890") {
		t.Errorf("a long group's machine is %q (%v)", name, err)
	}
}

func TestAMachineThatHasANameAsksForItsIDOnly(t *testing.T) {
	got, err := identify(t, "ip-10-0-1-7", metadata(t), "aws")
	if err != nil || got["NAME"] != "" || got["ADDRESS"] != "" || got["PROVIDER_ID"] != "aws:///us-east-1a/i-0abc123DEF4567890" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestACloudThatDoesNotAnswerIsSaidToBe(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	got, err := identify(t, "ip-10-0-1-7", server.URL, "aws", "demo-worker")
	if err == nil || !strings.Contains(got[""], "the metadata server of aws does not answer to latest/api/token") {
		t.Errorf("got %v, %v", got, err)
	}
}
