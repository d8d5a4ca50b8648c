package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"turnup.dev/kubectl-turnup/internal/images"
)

const (
	benchKubeadmName   = "bench-kubeadm"
	benchKubeadmSubnet = "172.28.2.0/24"
	benchKubeadmHost   = "172.28.2.11"
)

// benchKubeadm turns up the same cluster with kubeadm, the way someone would who
// knows it well: everything that can overlap does, and nothing is polled for slowly.
type benchKubeadm struct {
	docker    *benchDocker
	inputs    benchInputs
	manifests string // directory of the built addons
	binaries  string // directory of kubeadm and kubelet
	dir       string
	// bundle is what machines import their images from that have no store; nil
	// where they have.
	bundle *images.Bundle
	// client is the CPU time of kubectl in the current run.
	client time.Duration
}

func newBenchKubeadm(b *testing.B, inputs benchInputs, manifests string) *benchKubeadm {
	binaries, err := filepath.Abs("../../.cache/bin")
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"kubeadm", "kubelet"} {
		if _, err := os.Stat(filepath.Join(binaries, name)); err != nil {
			b.Fatalf("%v: run `make bench`", err)
		}
	}
	if _, err := exec.LookPath("kubectl"); err != nil {
		b.Fatalf("%v: kubeadm's side of the benchmark applies the addons with it", err)
	}
	k := &benchKubeadm{docker: newBenchDocker(b), inputs: inputs, manifests: manifests, binaries: binaries, dir: b.TempDir()}
	k.remove(context.Background()) // what an earlier benchmark may have left
	return k
}

func (k *benchKubeadm) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	k.remove(ctx)
	k.docker.close()
}

// run turns the cluster up, looks at it and removes it.
func (k *benchKubeadm) run(ctx context.Context, logs string) (benchRun, error) {
	// After an interrupt, too.
	defer k.remove(context.WithoutCancel(ctx))
	run := benchRun{who: "kubeadm"}
	if k.bundle != nil {
		run.who = "kubeadm that imports its images"
	}
	k.client = 0
	load, clock := newBenchLoad(), &benchClock{start: time.Now()}
	err := k.up(ctx, clock)
	run.total = time.Since(clock.start)
	load.stop(&run)
	run.client, run.steps = k.client, clock.steps
	names := k.names()
	if err != nil {
		return run, errors.Join(err, benchKeep(ctx, logs, run, names, k.kubeconfig(), nil))
	}
	if err := k.docker.measure(ctx, names, &run); err != nil {
		return run, err
	}
	return run, benchKeep(ctx, logs, run, names, k.kubeconfig(), nil)
}

func (k *benchKubeadm) kubeconfig() string { return filepath.Join(k.dir, "super-admin.conf") }

func (k *benchKubeadm) up(ctx context.Context, clock *benchClock) error {
	if err := clock.step("start 3 machines", func() error { return k.startMachines(ctx) }); err != nil {
		return err
	}
	names := k.names()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := k.importImages(ctx, clock, names[0]); err != nil {
			return err
		}
		return clock.step("kubeadm init", func() error {
			_, err := benchOn(ctx, names[0], benchBoot+`kubeadm init --config /etc/kubeadm/init.yaml --v=2`+benchLog, "")
			return err
		})
	})
	// The workers' images come while the control plane starts.
	imported := map[string]chan error{}
	for _, name := range names[1:] {
		done := make(chan error, 1)
		imported[name] = done
		group.Go(func() error {
			done <- k.importImages(ctx, clock, name)
			return nil
		})
	}
	group.Go(func() error { return k.fill(ctx, clock, group, imported) })
	return group.Wait()
}

// fill gives the starting control plane its workers and addons, and waits for
// what create waits for.
func (k *benchKubeadm) fill(ctx context.Context, clock *benchClock, group *errgroup.Group, imported map[string]chan error) error {
	names := k.names()
	var client kubernetes.Interface
	err := clock.step("API answers", func() (err error) {
		client, err = k.connect(ctx)
		return err
	})
	if err != nil {
		return err
	}
	group.Go(func() error {
		err := clock.step("token usable", func() error { return benchToken(ctx, client) })
		if err != nil {
			return err
		}
		discovery, err := k.discovery()
		if err != nil {
			return err
		}
		for _, name := range names[1:] {
			group.Go(func() error {
				if err := <-imported[name]; err != nil {
					return err
				}
				return clock.step("kubeadm join "+name, func() error {
					_, err := benchOn(ctx, name, benchBoot+`cat >/etc/kubeadm/discovery.conf
kubeadm join --config /etc/kubeadm/join.yaml --skip-phases=preflight --v=2`+benchLog, discovery)
					return err
				})
			})
		}
		return nil
	})
	if err := clock.step("kubectl apply", func() error { return k.apply(ctx) }); err != nil {
		return err
	}
	if err := clock.step("nodes ready", func() error { return benchNodesReady(ctx, client) }); err != nil {
		return err
	}
	if err := clock.step("CoreDNS 2/2", func() error { return benchCoreDNS(ctx, client) }); err != nil {
		return err
	}
	return clock.step("DNS answers", func() error {
		return benchAwait(ctx, "DNS to answer", func(ctx context.Context) (bool, error) {
			err := benchLookup(ctx, names[len(names)-1])
			return err == nil, err
		})
	})
}

// connect waits for the API server, with the first kubeconfig that kubeadm writes
// for a human.
func (k *benchKubeadm) connect(ctx context.Context) (kubernetes.Interface, error) {
	conf, err := benchOn(ctx, k.names()[0], `for i in $(seq 1200); do
	test -e /etc/kubernetes/manifests/kube-apiserver.yaml && exec cat /etc/kubernetes/super-admin.conf
	sleep 0.1
done
exit 1`, "")
	if err != nil {
		return nil, fmt.Errorf("wait for kubeadm's kubeconfig: %w", err)
	}
	if err := os.WriteFile(k.kubeconfig(), []byte(conf), 0o600); err != nil {
		return nil, err
	}
	config, err := clientcmd.RESTConfigFromKubeConfig([]byte(conf))
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst, config.Timeout = 100, 200, 10*time.Second
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return client, benchAwait(ctx, "the API server", func(ctx context.Context) (bool, error) {
		_, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err == nil, err
	})
}

// benchToken waits for the last thing that kubeadm's phase bootstrap-token makes.
func benchToken(ctx context.Context, client kubernetes.Interface) error {
	return benchAwait(ctx, "the bootstrap token", func(ctx context.Context) (bool, error) {
		_, err := client.RbacV1().RoleBindings("kube-public").Get(ctx, "kubeadm:bootstrap-signer-clusterinfo", metav1.GetOptions{})
		return err == nil, err
	})
}

// apply is kubectl's; an API server that has only just started may refuse at first.
func (k *benchKubeadm) apply(ctx context.Context) error {
	return benchAwait(ctx, "the addons to be applied", func(ctx context.Context) (bool, error) {
		kubectl := exec.CommandContext(ctx, "kubectl", "--kubeconfig", k.kubeconfig(), "apply", "--server-side", "-f", k.manifests)
		out, err := kubectl.CombinedOutput()
		if state := kubectl.ProcessState; state != nil {
			k.client += state.UserTime() + state.SystemTime()
		}
		if err != nil {
			err = fmt.Errorf("kubectl apply: %w: %s", err, bytes.TrimSpace(out))
		}
		return err == nil, err
	})
}

func benchNodesReady(ctx context.Context, client kubernetes.Interface) error {
	return benchAwait(ctx, "every node to be ready", func(ctx context.Context) (bool, error) {
		nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		ready := 0
		for _, node := range nodes.Items {
			for _, c := range node.Status.Conditions {
				if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
					ready++
				}
			}
		}
		return ready == benchNodes, fmt.Errorf("%d of %d", ready, benchNodes)
	})
}

// benchCoreDNS waits for what makes the addon healthy: all replicas there.
func benchCoreDNS(ctx context.Context, client kubernetes.Interface) error {
	return benchAwait(ctx, "CoreDNS to be available", func(ctx context.Context) (bool, error) {
		deployment, err := client.AppsV1().Deployments("kube-system").Get(ctx, "coredns", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		available := deployment.Status.AvailableReplicas
		return available == *deployment.Spec.Replicas, fmt.Errorf("%d available", available)
	})
}
