package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// writer writes one small object after the other, as any client would: by the
// kubeconfig, with a time limit, and again when that failed.
type writer struct {
	mu      sync.Mutex
	names   []string
	since   int       // how many there were at the last reset
	last    time.Time // when the last one was written, or the reset
	longest time.Duration
}

func (c *cluster) startWriting(ctx context.Context, t *testing.T) *writer {
	t.Helper()
	own := rest.CopyConfig(c.rest)
	own.Timeout = 2 * time.Second
	client, err := kubernetes.NewForConfig(own)
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{last: time.Now()}
	ctx, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		for i := 0; ctx.Err() == nil; pause(ctx, 50*time.Millisecond) {
			name := fmt.Sprintf("written-%d", i)
			_, err := client.CoreV1().ConfigMaps(namespace).Create(ctx, &corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"by": "writer"}},
			}, metav1.CreateOptions{})
			if err == nil || apierrors.IsAlreadyExists(err) {
				w.wrote(name)
				i++
			}
		}
	})
	t.Cleanup(done.Wait)
	t.Cleanup(stop)
	return w
}

func (w *writer) wrote(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	w.longest, w.last = max(w.longest, now.Sub(w.last)), now
	w.names = append(w.names, name)
}

func (w *writer) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since, w.longest, w.last = len(w.names), 0, time.Now()
}

// gap is the longest time without a write since the reset, one that lasts
// included, and how many there were.
func (w *writer) gap() (time.Duration, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(w.longest, time.Since(w.last)), len(w.names) - w.since
}

// allThere wants everything to be read that was written.
func (w *writer) allThere(ctx context.Context, t *testing.T, client kubernetes.Interface) {
	t.Helper()
	w.mu.Lock()
	names := append([]string(nil), w.names...)
	w.mu.Unlock()
	list, err := client.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{LabelSelector: "by=writer"})
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, item := range list.Items {
		there[item.Name] = true
	}
	for _, name := range names {
		if !there[name] {
			t.Errorf("%s was written, and is not there", name)
		}
	}
	t.Logf("all of %d objects are there", len(names))
}

// startWeb starts a web server on the worker.
func (c *cluster) startWeb(ctx context.Context, t *testing.T) {
	t.Helper()
	core := c.kube.CoreV1()
	if _, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Data: map[string]string{"Corefile": corefile}}
	if _, err := core.ConfigMaps(namespace).Create(ctx, config, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	_, err := core.Pods(namespace).Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: corev1.PodSpec{
			NodeName: c.machine(machines.Worker, 0).Name,
			Containers: []corev1.Container{{
				Name: "web", Image: images.For(c.release, "").Ref(images.CoreDNS), ImagePullPolicy: corev1.PullNever,
				Args:         []string{"-conf", "/etc/web/Corefile"},
				VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: "/etc/web"}},
			}},
			Volumes: []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: "web"},
			}}}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	await(ctx, t, "the web server to answer", time.Minute, func(ctx context.Context) (bool, string, error) {
		pod, err := core.Pods(namespace).Get(ctx, "web", metav1.GetOptions{})
		if err != nil || pod.Status.PodIP == "" {
			return false, "", err
		}
		c.web = pod.Status.PodIP
		err = c.askWeb(ctx)
		return err == nil, "", err
	})
}

// askWeb asks it from its machine: neither names nor Services are in the way.
func (c *cluster) askWeb(ctx context.Context) error {
	_, err := c.docker.on(ctx, c.machine(machines.Worker, 0).Name, "", get(c.web)+" | grep -q '200 OK'")
	return err
}

// watchWeb asks the web server all the time, until the returned func is called,
// which says how often it did not answer.
func (c *cluster) watchWeb(ctx context.Context, t *testing.T) func() int {
	t.Helper()
	ctx, stop := context.WithCancel(ctx)
	failed := 0
	var done sync.WaitGroup
	done.Go(func() {
		for ; ctx.Err() == nil; pause(ctx, 300*time.Millisecond) {
			if err := c.askWeb(ctx); err != nil && ctx.Err() == nil {
				failed++
			}
		}
	})
	return func() int {
		stop()
		done.Wait()
		return failed
	}
}
