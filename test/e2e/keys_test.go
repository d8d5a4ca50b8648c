package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// tokenFile is the one secret that workers are given.
const tokenFile = "bootstrap-token.json"

// secrets reads every secret of the cluster's pki directory: by file, the texts
// that give it away wherever they turn up.
func (c *cluster) secrets(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	root := c.home("pki")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) == ".crt" || filepath.Ext(path) == ".pub" {
			return err
		}
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 600 (%v)", path, info.Mode(), err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		found[name] = needles(t, name, data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 8 {
		t.Fatalf("only %d secrets in %s: %v", len(found), root, slices.Collect(maps.Keys(found)))
	}
	return found
}

func needles(t *testing.T, name string, data []byte) []string {
	t.Helper()
	if filepath.Base(name) == tokenFile {
		var token struct{ Secret string }
		if err := json.Unmarshal(data, &token); err != nil || token.Secret == "" {
			t.Fatalf("%s holds no token (%v)", name, err)
		}
		return []string{token.Secret, base64.StdEncoding.EncodeToString([]byte(token.Secret))}
	}
	list := []string{base64.StdEncoding.EncodeToString(data)}
	if block, _ := pem.Decode(data); block != nil {
		// A line of the PEM body is found whatever escapes the line ends. The second
		// is in the midst of the key.
		lines := strings.Split(strings.TrimSpace(string(data)), "\n")
		return append(list, lines[2])
	}
	return append(list, strings.TrimSpace(string(data)))
}

// leaks lists the secrets that are in a text.
func leaks(secrets map[string][]string, text string) []string {
	var found []string
	for name, needles := range secrets {
		if slices.ContainsFunc(needles, func(n string) bool { return strings.Contains(text, n) }) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// keysStayHome looks for every secret in what Terraform and Docker keep, in what
// the plugin and the machines said, and on machines that have no use for it.
func (c *cluster) keysStayHome(ctx context.Context, t *testing.T) {
	secrets := c.secrets(t)
	err := filepath.WalkDir(c.home("terraform"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if found := leaks(secrets, string(data)); len(found) > 0 {
			t.Errorf("%s holds %v", path, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	objects, err := c.docker.objects(ctx, c.name)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.kind != "container" {
			continue
		}
		_, raw, err := c.docker.ContainerInspectWithRaw(ctx, o.id, false)
		if err != nil {
			t.Fatal(err)
		}
		if found := leaks(secrets, string(raw)); len(found) > 0 {
			t.Errorf("docker inspect %s shows %v", o.name, found)
		}
	}
	for _, m := range c.nodes.Machines {
		said := c.docker.must(ctx, t, m.Name, "", "journalctl --no-pager --output cat; ps axww; ls -R /run/turnup 2>/dev/null || true")
		if found := leaks(secrets, said); len(found) > 0 {
			t.Errorf("the journal or the processes of %s show %v", m.Name, found)
		}
		c.keysOn(ctx, t, m, secrets)
	}
}

// keysOn wants a machine to hold no secret but those it works with.
func (c *cluster) keysOn(ctx context.Context, t *testing.T, m machines.Machine, secrets map[string][]string) {
	t.Helper()
	var found []string
	for name, needles := range secrets {
		out := c.docker.must(ctx, t, m.Name, strings.Join(needles, "\n"),
			"grep -rlF -f - /etc /root /run/turnup /srv /opt /tmp /var/lib/kubelet /var/log 2>/dev/null || true")
		if out != "" {
			found = append(found, name)
		}
	}
	for _, name := range found {
		switch {
		case m.Role == machines.Worker && name == tokenFile:
		case m.Role == machines.Worker:
			t.Errorf("worker %s holds %s", m.Name, name)
		case slices.Contains([]string{"admin.key", "etcd-ca.key", "front-proxy-ca.key"}, name):
			t.Errorf("%s holds %s, which nothing there needs", m.Name, name)
		}
	}
	if m.Role == machines.ControlPlane && !slices.Contains(found, "ca.key") {
		t.Errorf("ca.key is not found on %s, where the controller manager has it: the search does not work", m.Name)
	}
}

// open are the files below /etc/kubernetes that anybody may read.
func open(path string) bool {
	return slices.Contains([]string{"/etc/kubernetes/kubelet.yaml", "/etc/kubernetes/resolv.conf", "/etc/kubernetes/pki/ca.crt"}, path) ||
		strings.HasPrefix(path, "/etc/kubernetes/kubelet.conf.d/")
}

func (c *cluster) machineFilesAreClosed(ctx context.Context, t *testing.T) {
	// Each part of the control plane is a user of its own, who owns its directory.
	owners := map[string]string{}
	for _, m := range c.nodes.Machines {
		out := c.docker.must(ctx, t, m.Name, "", `find /etc/kubernetes /var/lib/kubelet/pki -type f -printf '%m %U %p\n'`)
		for line := range strings.Lines(out) {
			var mode, owner, path string
			if _, err := fmt.Sscan(line, &mode, &owner, &path); err != nil {
				t.Fatalf("read %q: %v", line, err)
			}
			closed := mode == "600" || mode == "400"
			if !closed && !open(path) && !strings.HasSuffix(path, ".crt") {
				t.Errorf("%s: %s has mode %s", m.Name, path, mode)
			}
			if part, ok := strings.CutPrefix(filepath.Dir(path), "/etc/kubernetes/"); ok && (part == "etcd" || strings.HasPrefix(part, "kube-")) {
				owners[part] = owner
			}
		}
	}
	users := slices.Sorted(maps.Values(owners))
	if len(owners) != 4 || len(slices.Compact(users)) != 4 || users[0] == "0" {
		t.Errorf("the parts of the control plane belong to %v, want a user other than root for each", owners)
	}
}
