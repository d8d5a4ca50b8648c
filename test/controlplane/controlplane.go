// Package controlplane runs a real etcd and kube-apiserver, and the
// kube-controller-manager where it is asked for, on loopback ports for tests.
package controlplane

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// Options say what runs besides etcd and kube-apiserver.
type Options struct {
	ControllerManager bool
}

// Cluster is a running control plane without nodes.
type Cluster struct {
	// Config is an administrator's.
	Config *rest.Config
	// Kubeconfig is the path of the same as a file.
	Kubeconfig string

	dir       string
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
	if err := c.start("etcd", paths["etcd"],
		"--data-dir="+filepath.Join(c.dir, "etcd"), "--unsafe-no-fsync", "--log-level=error",
		"--listen-client-urls="+etcd, "--advertise-client-urls="+etcd,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=default="+peer,
	); err != nil {
		return err
	}
	if err := c.start("kube-apiserver", paths["kube-apiserver"],
		"--etcd-servers="+etcd, "--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", ports[2]),
		"--tls-cert-file="+c.path("server.crt"), "--tls-private-key-file="+c.path("server.key"),
		"--client-ca-file="+c.path("ca.crt"), "--token-auth-file="+c.path("tokens.csv"),
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+c.path("sa.key"),
		"--service-account-signing-key-file="+c.path("sa.key"), "--authorization-mode=Node,RBAC",
		"--service-cluster-ip-range=10.96.0.0/16", "--allow-privileged=true",
		"--endpoint-reconciler-type=none", "--profiling=false",
	); err != nil {
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
	return c.start("kube-controller-manager", paths["kube-controller-manager"],
		"--kubeconfig="+c.Kubeconfig, "--leader-elect=false", "--bind-address=127.0.0.1", "--secure-port=0",
		"--service-account-private-key-file="+c.path("sa.key"), "--root-ca-file="+c.path("ca.crt"),
		"--cluster-signing-cert-file="+c.path("ca.crt"), "--cluster-signing-key-file="+c.path("ca.key"),
	)
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

type process struct {
	name string
	cmd  *exec.Cmd
	log  string
	done chan struct{}
}

func (c *Cluster) start(name, path string, args ...string) error {
	p := &process{name: name, log: c.path(name + ".log"), done: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return err
	}
	p.cmd = exec.Command(path, args...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	// A test binary that is killed takes its servers along.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("start %s: %w", name, err), log.Close())
	}
	go func() {
		_ = p.cmd.Wait() // Whoever waits for it reads its log.
		_ = log.Close()
		close(p.done)
	}()
	c.processes = append(c.processes, p)
	return nil
}

func (c *Cluster) dead() *process {
	for _, p := range c.processes {
		select {
		case <-p.done:
			return p
		default:
		}
	}
	return nil
}

// tail is the end of every log, for errors.
func (c *Cluster) tail() string {
	var text strings.Builder
	for _, p := range c.processes {
		data, _ := os.ReadFile(p.log)
		fmt.Fprintf(&text, "--- %s\n%s\n", p.name, data[max(0, len(data)-1500):])
	}
	return text.String()
}

// Pause stops the API server from answering, until the returned function is called.
func (c *Cluster) Pause() (resume func()) {
	for _, p := range c.processes {
		if p.name == "kube-apiserver" {
			_ = p.cmd.Process.Signal(syscall.SIGSTOP)
			return func() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }
		}
	}
	return func() {}
}

// Stop ends everything.
func (c *Cluster) Stop() {
	for i := len(c.processes) - 1; i >= 0; i-- {
		p := c.processes[i]
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	c.processes = nil
}

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
