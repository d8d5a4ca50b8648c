package turnup

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/terraform"
)

const tokenSecret = "bootstrap-token.json"

// secretsIn reads a key directory: by file, a text that gives the secret away. Of
// a PEM file that is a line from the midst of the key.
func secretsIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) == ".crt" || filepath.Ext(path) == ".pub" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		lines := strings.Split(strings.TrimSpace(string(data)), "\n")
		var token struct{ Secret string }
		switch {
		case name == tokenSecret && json.Unmarshal(data, &token) == nil:
			found[name] = token.Secret
		case len(lines) > 2:
			found[name] = lines[2]
		default:
			found[name] = lines[0]
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func secretsOf(secrets map[string]string, text string) []string {
	var found []string
	for name, secret := range secrets {
		if strings.Contains(text, secret) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

func TestNoSecretButTheWorkersTokenLeavesTheKeyDirectoryBeforeSSH(t *testing.T) {
	for _, platform := range []string{"aws", "gce", "azure"} {
		for _, image := range []string{"ubuntu", "flatcar"} {
			t.Run(platform+" "+image, func(t *testing.T) {
				cfg := config.Default()
				if err := config.Set(&cfg, "provision.platform="+platform, "provision."+platform+".image="+image); err != nil {
					t.Fatal(err)
				}
				kind := pki.Ed25519
				if platform == "azure" {
					kind = pki.RSA
				}
				plane := machines.Machine{Name: "demo-control-plane-0", Role: machines.ControlPlane, Address: "10.0.0.5"}
				dir := filepath.Join(t.TempDir(), "pki")
				keys, err := pki.Ensure(dir, pki.Request{
					Cluster: "demo", Domain: "cluster.local", Endpoint: "192.0.2.1", Machines: []machines.Machine{plane}, SSH: kind,
				}, time.Now())
				if err != nil {
					t.Fatal(err)
				}
				secrets := secretsIn(t, dir)
				for _, name := range []string{"ca.key", "ssh", tokenSecret, "encryption.key", "admin.key"} {
					if secrets[name] == "" {
						t.Fatalf("%s is not among the secrets %v", name, secrets)
					}
				}
				data, err := userData(cfg, keys)
				if err != nil {
					t.Fatal(err)
				}
				ws := terraform.Workspace{Dir: filepath.Join(t.TempDir(), "terraform")}
				if err := ws.Prepare(cfg, terraform.Inputs{SSHPublicKey: keys.SSH.Public, UserData: data}); err != nil {
					t.Fatal(err)
				}
				for path, text := range filesBelow(t, ws.Dir) {
					// On Flatcar the token is there to be read; elsewhere it is packed.
					allowed := image == "flatcar" && filepath.Base(path) == "terraform.tfvars.json"
					if found := secretsOf(secrets, text); len(found) > 0 && (!allowed || !slices.Equal(found, []string{tokenSecret})) {
						t.Errorf("%s holds %v", path, found)
					}
				}
				for pool, text := range data {
					if found := secretsOf(secrets, unpacked(t, text)); !slices.Equal(found, []string{tokenSecret}) {
						t.Errorf("the user-data of pool %s holds %v, want the token alone", pool, found)
					}
				}
			})
		}
	}
}

// unpacked is user-data as the machine sees it.
func unpacked(t *testing.T, data string) string {
	t.Helper()
	if !strings.HasPrefix(data, "#!") {
		return data
	}
	cmd := exec.Command("sh", "-s", "unpack")
	cmd.Stdin = strings.NewReader(strings.ReplaceAll(data, bootstrap.EndpointHost, "192.0.2.1"))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		found[path] = string(data)
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("%d files in %s, %v", len(found), dir, err)
	}
	return found
}
