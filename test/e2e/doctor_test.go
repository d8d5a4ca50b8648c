package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// TestTheDoctorFindsWhatIsWrong breaks a small cluster in one way after the other.
// What keeps a cluster from being made is in cmd/kubectl-turnup/doctor_test.go.
func TestTheDoctorFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	c := newCluster(ctx, t, newPlugin(t), 1)
	c.must(ctx, t, c.createArgs()...)
	c.connect(t)
	plane, worker := c.machine(machines.ControlPlane, 0).Name, c.machine(machines.Worker, 0).Name
	on := func(machine, script string) func(context.Context, *testing.T) {
		return func(ctx context.Context, t *testing.T) { c.docker.must(ctx, t, machine, "", script) }
	}
	scale := func(replicas string) func(context.Context, *testing.T) {
		return func(ctx context.Context, t *testing.T) {
			patch := []byte(`{"spec":{"replicas":` + replicas + `}}`)
			_, err := c.kube.AppsV1().Deployments("turnup-system").Patch(ctx, "addon-manager", types.MergePatchType, patch, metav1.PatchOptions{})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	// The manager undoes what is done to its own Deployment, if it is quick enough.
	still := func(ctx context.Context, t *testing.T) {
		await(ctx, t, "the addon manager to be gone", 40*time.Second, func(ctx context.Context) (bool, string, error) {
			scale("0")(ctx, t)
			pods, err := c.kube.CoreV1().Pods("turnup-system").List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=addon-manager"})
			return err == nil && len(pods.Items) == 0, "a pod of it is there", err
		})
	}
	// A kubelet that sees etcd's manifest come back by itself may need minutes: it
	// asks an API server that waits for etcd to delete the pod's mirror, meanwhile.
	create := func(ctx context.Context, t *testing.T) { c.must(ctx, t, c.createArgs()...) }
	var keys, certificate []byte
	read := func(t *testing.T, path string) []byte {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	write := func(t *testing.T, path string, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	leaf := c.home("pki", "machines", plane, "kube-scheduler.crt")

	c.sub(ctx, t, "a cluster that is well has nothing", func(ctx context.Context, t *testing.T) {
		if codes := c.doctor(ctx, t); len(codes) > 0 {
			t.Errorf("the doctor finds %v", codes)
		}
	})
	c.sub(ctx, t, "a status that is watched is shown when it changes, until an interrupt", func(ctx context.Context, t *testing.T) {
		limited, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		cmd := c.command(limited, "status", c.name, "--watch")
		out, _ := cmd.CombinedOutput() // the end of ctx is its error
		if code := cmd.ProcessState.ExitCode(); code != 0 || bytes.Count(out, []byte("\n# ")) > 2 || !bytes.Contains(out, []byte("certificates: valid until 20")) {
			t.Errorf("exit code %d:\n%s", code, out)
		}
	})
	c.sub(ctx, t, "a support bundle has everything but secrets", c.supportBundleHoldsNoSecret)
	for _, ill := range []struct {
		what, code string
		harm, mend func(context.Context, *testing.T)
	}{
		{"a kubelet that was stopped", "UnitDown", on(worker, "systemctl stop kubelet"), on(worker, "systemctl start kubelet")},
		{"a machine that is off", "MachineUnreachable",
			func(ctx context.Context, t *testing.T) {
				if err := c.docker.ContainerKill(ctx, worker, "KILL"); err != nil {
					t.Fatal(err)
				}
			},
			func(ctx context.Context, t *testing.T) {
				if err := c.docker.ContainerStart(ctx, worker, container.StartOptions{}); err != nil {
					t.Fatal(err)
				}
			}},
		{"a damaged machines file", "MachinesFileDamaged",
			func(_ context.Context, t *testing.T) {
				keys = read(t, c.home("machines.json"))
				write(t, c.home("machines.json"), keys[:len(keys)/2])
			},
			func(_ context.Context, t *testing.T) { write(t, c.home("machines.json"), keys) }},
		{"an expired certificate", "CertificateExpired",
			func(_ context.Context, t *testing.T) {
				certificate = read(t, leaf)
				yesterday, _ := selfSigned(t, &x509.Certificate{NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour)})
				write(t, leaf, yesterday)
			},
			func(_ context.Context, t *testing.T) { write(t, leaf, certificate) }},
		{"an addon manager without a pod", "AddonManagerDown", still, scale("1")},
		{"a pod of an addon that has no place to run", "AddonNotReady",
			func(ctx context.Context, t *testing.T) {
				c.cordon(ctx, t, worker, true)
				err := c.kube.CoreV1().Pods("kube-system").DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "k8s-app=metrics-server"})
				if err != nil {
					t.Fatal(err)
				}
			},
			func(ctx context.Context, t *testing.T) { c.cordon(ctx, t, worker, false) }},
		{"an etcd without its manifest", "EtcdDown",
			on(plane, "rm /etc/kubernetes/manifests/etcd.yaml"), create},
		{"an API server whose manifest is broken", "APIServerDown",
			on(plane, "sed -i 's/--secure-port=/--no-such-flag=/' /etc/kubernetes/manifests/kube-apiserver.yaml"), create},
	} {
		c.sub(ctx, t, ill.what+" is "+ill.code, func(ctx context.Context, t *testing.T) {
			ill.harm(ctx, t)
			await(ctx, t, "the doctor to say "+ill.code, 40*time.Second, func(ctx context.Context) (bool, string, error) {
				codes := c.doctor(ctx, t)
				return len(codes) > 0 && codes[0] == ill.code, strings.Join(codes, " "), nil
			})
			ill.mend(ctx, t)
			await(ctx, t, "the doctor to be content again", 3*time.Minute, func(ctx context.Context) (bool, string, error) {
				codes := c.doctor(ctx, t)
				return len(codes) == 0, strings.Join(codes, " "), nil
			})
		})
	}
}

// cordon keeps new pods from a node, or lets them on it again.
func (c *cluster) cordon(ctx context.Context, t *testing.T, node string, cordoned bool) {
	t.Helper()
	patch := fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, cordoned)
	if _, err := c.kube.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

// doctor runs it, and returns the codes of the errors.
func (c *cluster) doctor(ctx context.Context, t *testing.T) []string {
	t.Helper()
	r := c.run(ctx, t, "doctor", c.name, "-o", "json")
	var d struct {
		Checks []struct{ Level, Code, Message string }
	}
	if err := json.Unmarshal([]byte(r.stdout), &d); err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	var codes []string
	for _, check := range d.Checks {
		if check.Level == "error" {
			codes = append(codes, check.Code)
			if check.Message == "" {
				t.Errorf("nothing is said of %s", check.Code)
			}
		}
	}
	if failed := r.code != 0; failed != (len(codes) > 0) {
		t.Errorf("exit code %d with %v", r.code, codes)
	}
	return codes
}

// selfSigned is a certificate that nobody else has signed, and its key, in PEM.
func selfSigned(t *testing.T, template *x509.Certificate) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(1)
	der, err := x509.CreateCertificate(crand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	bare, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: bare})
}

// supportBundleHoldsNoSecret plants secrets where people leave them, and looks for
// these and for those of the cluster in every file of the archive.
func (c *cluster) supportBundleHoldsNoSecret(ctx context.Context, t *testing.T) {
	const planted = "correct-horse-battery"
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "careless"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{
		Name: "careless", Image: "example.invalid/none", Command: []string{"run", "--db-password=" + planted},
		Env: []corev1.EnvVar{{Name: "DB_PASSWORD", Value: planted}},
	}}}}
	if _, err := c.kube.CoreV1().Pods("default").Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "secret"}, StringData: map[string]string{"key": planted}}
	if _, err := c.kube.CoreV1().Secrets("default").Create(ctx, secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	worker := c.machine(machines.Worker, 0).Name
	c.docker.must(ctx, t, worker, "", "logger -t kubelet 'pull https://user:"+planted+"@registry.example.com/v2/ failed'; systemd-cat -t kubelet true; "+
		"systemd-run --quiet --wait --unit containerd-says true; echo")
	file := filepath.Join(c.dir, "support.tar.gz")
	said := c.must(ctx, t, "support-bundle", c.name, "--output", file)
	t.Logf("%s", said)

	secrets := map[string]string{"planted": planted}
	err := filepath.WalkDir(c.home("pki"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) == ".crt" || filepath.Ext(path) == ".pub" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var token struct{ Secret string }
		lines := strings.Split(strings.TrimSpace(string(data)), "\n")
		switch {
		case json.Unmarshal(data, &token) == nil:
			secrets[path] = token.Secret
		case len(lines) > 2:
			secrets[path] = lines[1]
		default:
			secrets[path] = lines[0]
		}
		return nil
	})
	if err != nil || len(secrets) < 10 {
		t.Fatalf("%d secrets, %v", len(secrets), err)
	}
	files := untar(t, file)
	for name, text := range files {
		for which, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) || bytes.Contains(text, []byte(base64.StdEncoding.EncodeToString([]byte(secret)))) {
				t.Errorf("%s holds %s", name, which)
			}
		}
	}
	plane := c.machine(machines.ControlPlane, 0).Name
	for name, word := range map[string]string{
		"version.txt": "kubectl turnup", "config.json": c.name, "doctor.json": "Diagnosis", "status.json": plane, "terraform/resources.txt": "docker_container",
		"machines/" + worker + "/kubelet.log": "kubelet", "machines/" + plane + "/control-plane.log": "etcd", "machines/" + worker + "/system.txt": "cgroups v",
		"cluster/pods.yaml": "careless", "cluster/addons.yaml": "coredns", "cluster/addon-manager.log": "addon=",
	} {
		if !bytes.Contains(files[name], []byte(word)) {
			t.Errorf("%s does not hold %q: %.200s", name, word, files[name])
		}
	}
	if missing := files["missing.txt"]; missing != nil {
		t.Errorf("missing: %s", missing)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	wantsRefusal(t, c.run(ctx, t, "support-bundle", c.name, "--output", file), "is there already")
}

// untar reads an archive, its names without the directory they are all in.
func untar(t *testing.T, file string) map[string][]byte {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	zipped, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for archive := tar.NewReader(zipped); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(h.Name, "/")
		files[path.Clean(name)] = data
	}
}
