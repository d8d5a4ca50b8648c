// Package controlplane runs a real etcd and kube-apiserver, and the
// kube-controller-manager where it is asked for, on loopback ports for tests.
package controlplane

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// Options say what runs besides etcd and kube-apiserver, and how.
type Options struct {
	ControllerManager bool
	// EtcdQuota is the size in bytes at which etcd takes no more writes; 0 is etcd's default.
	EtcdQuota int64
	// FeatureGates are those of the API server, as "Name=true".
	FeatureGates []string
	// EtcdArgs, APIServerArgs and ControllerManagerArgs come after all others, and win.
	EtcdArgs              []string
	APIServerArgs         []string
	ControllerManagerArgs []string
}

// Cluster is a running control plane without nodes.
type Cluster struct {
	// Config is an administrator's.
	Config *rest.Config
	// Kubeconfig is the path of the same as a file.
	Kubeconfig string

	dir  string
	etcd string

	mu        sync.Mutex
	processes []*process
}

// ErrMissing is returned when the binaries were not built.
var ErrMissing = errors.New("no control-plane binaries")

// budget is how long each part may take to answer.
const budget = 60 * time.Second

// Start runs a control plane until the test ends. Without binaries the test is
// skipped, loudly: `make` builds them into .cache/bin, TURNUP_TEST_BIN overrides.
func Start(t testing.TB, options Options) *Cluster {
	t.Helper()
	cluster, err := Run(t.TempDir(), options)
	if errors.Is(err, ErrMissing) {
		t.Skipf("SKIPPED, NOTHING IS PROVEN: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Stop)
	return cluster
}

// Run runs a control plane in a directory until Stop.
func Run(dir string, options Options) (*Cluster, error) {
	names := []string{"etcd", "kube-apiserver"}
	if options.ControllerManager {
		names = append(names, "kube-controller-manager")
	}
	paths, err := binaries(names)
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir}
	if err := c.run(paths, options); err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

func binaries(names []string) (map[string]string, error) {
	dir := os.Getenv("TURNUP_TEST_BIN")
	if dir == "" {
		_, file, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(file), "..", "..", ".cache", "bin")
	}
	paths := map[string]string{}
	for _, name := range names {
		paths[name] = filepath.Join(dir, name)
		if _, err := os.Stat(paths[name]); err != nil {
			return nil, fmt.Errorf("%w: %s; run `make images` or set TURNUP_TEST_BIN", ErrMissing, paths[name])
		}
	}
	return paths, nil
}

func (c *Cluster) run(paths map[string]string, options Options) error {
	if err := c.writeFiles(); err != nil {
		return fmt.Errorf("write the control plane's files: %w", err)
	}
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	etcd := fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	peer := fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	c.etcd = etcd
	if err := c.start("etcd", paths["etcd"], append([]string{
		"--data-dir=" + filepath.Join(c.dir, "etcd"), "--unsafe-no-fsync", "--log-level=error",
		"--listen-client-urls=" + etcd, "--advertise-client-urls=" + etcd,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=default=" + peer,
	}, options.etcd()...)...); err != nil {
		return err
	}
	if err := c.start("kube-apiserver", paths["kube-apiserver"], append([]string{
		"--etcd-servers=" + etcd, "--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", ports[2]),
		"--tls-cert-file=" + c.path("server.crt"), "--tls-private-key-file=" + c.path("server.key"),
		"--client-ca-file=" + c.path("ca.crt"), "--token-auth-file=" + c.path("tokens.csv"),
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file=" + c.path("sa.key"),
		"--service-account-signing-key-file=" + c.path("sa.key"), "--authorization-mode=Node,RBAC",
		"--service-cluster-ip-range=10.96.0.0/16", "--allow-privileged=true",
		"--endpoint-reconciler-type=none", "--profiling=false",
	}, options.apiServer()...)...); err != nil {
		return err
	}
	if err := c.writeKubeconfig(fmt.Sprintf("https://127.0.0.1:%d", ports[2])); err != nil {
		return err
	}
	if err := c.ready(); err != nil {
		return err
	}
	if !options.ControllerManager {
		return nil
	}
	return c.start("kube-controller-manager", paths["kube-controller-manager"], append([]string{
		"--kubeconfig=" + c.Kubeconfig, "--leader-elect=false", "--bind-address=127.0.0.1", "--secure-port=0",
		"--service-account-private-key-file=" + c.path("sa.key"), "--root-ca-file=" + c.path("ca.crt"),
		"--cluster-signing-cert-file=" + c.path("ca.crt"), "--cluster-signing-key-file=" + c.path("ca.key"),
	}, options.ControllerManagerArgs...)...)
}

func (o Options) etcd() []string {
	args := []string{}
	if o.EtcdQuota > 0 {
		args = append(args, fmt.Sprintf("--quota-backend-bytes=%d", o.EtcdQuota))
	}
	return append(args, o.EtcdArgs...)
}

func (o Options) apiServer() []string {
	args := []string{}
	if len(o.FeatureGates) > 0 {
		args = append(args, "--feature-gates="+strings.Join(o.FeatureGates, ","))
	}
	return append(args, o.APIServerArgs...)
}

// ready waits until the API server serves and has made its own namespaces.
func (c *Cluster) ready() error {
	transport, err := rest.HTTPClientFor(c.Config)
	if err != nil {
		return err
	}
	transport.Timeout = 2 * time.Second
	deadline := time.Now().Add(budget)
	for {
		err := get(transport, c.Config.Host+"/readyz")
		if err == nil {
			err = get(transport, c.Config.Host+"/api/v1/namespaces/kube-system")
		}
		if err == nil {
			return nil
		}
		if p := c.dead(); p != nil || time.Now().After(deadline) {
			return fmt.Errorf("wait for kube-apiserver (≤ %s): %w\n%s", budget, err, c.tail())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func get(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}

func (c *Cluster) path(name string) string { return filepath.Join(c.dir, name) }

func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
