package e2e

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// Where the test's own objects are.
const namespace = "e2e"

// corefile makes CoreDNS the web server that the bundle otherwise lacks:
// GET /health says OK.
const corefile = `.:5353 {
    health :8080
    whoami
}
`

// startPods starts a web server on the second worker, with a Service, and a
// client with a shell on the first. Their images are in the bundle.
func (c *cluster) startPods(ctx context.Context, t *testing.T) {
	set := images.For(c.release, "")
	core := c.kube.CoreV1()
	if _, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Data: map[string]string{"Corefile": corefile}}
	if _, err := core.ConfigMaps(namespace).Create(ctx, config, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	web := corev1.Container{
		Name: "web", Image: set.Ref(images.CoreDNS), ImagePullPolicy: corev1.PullNever, Args: []string{"-conf", "/etc/web/Corefile"},
		VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: "/etc/web"}},
		StartupProbe: &corev1.Probe{PeriodSeconds: 1, FailureThreshold: 60, ProbeHandler: corev1.ProbeHandler{
			HTTPGet: &corev1.HTTPGetAction{Path: "/health", Port: intstr.FromInt32(8080)},
		}},
	}
	shell := corev1.Container{
		Name: "client", Image: set.Ref(images.KubeProxy), ImagePullPolicy: corev1.PullNever,
		Command: []string{"bash", "-c", "echo hello; trap exit TERM; while :; do sleep 1000 & wait; done"},
	}
	volume := corev1.Volume{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: "web"},
	}}}
	for worker, container := range []corev1.Container{shell, web} {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: container.Name, Labels: map[string]string{"app": container.Name}},
			Spec: corev1.PodSpec{
				Containers:   []corev1.Container{container},
				NodeSelector: map[string]string{corev1.LabelHostname: c.machine(machines.Worker, worker%c.workers).Name},
				Volumes:      []corev1.Volume{volume},
			},
		}
		if _, err := core.Pods(namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: corev1.ServiceSpec{
		Type: corev1.ServiceTypeNodePort, Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 8080}},
	}}
	if _, err := core.Services(namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"client", "web"} {
		took := await(ctx, t, "pod "+name+" to be ready", time.Minute, func(ctx context.Context) (bool, string, error) {
			pod, err := core.Pods(namespace).Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return false, "", err
			}
			return bootstrap.PodReady(*pod), fmt.Sprint(pod.Status.Phase, pod.Status.ContainerStatuses), nil
		})
		t.Logf("pod %s ready after %s", name, took.Round(time.Millisecond))
	}
}

// inPod runs a script in the client pod.
func (c *cluster) inPod(ctx context.Context, script string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	url := c.kube.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name("client").SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Command: []string{"bash", "-c", script}, Stdout: true, Stderr: true}, scheme.ParameterCodec).URL()
	exec, err := remotecommand.NewWebSocketExecutor(c.rest, "GET", url.String())
	if err != nil {
		return "", err
	}
	var stdout, stderr bytes.Buffer
	if err := exec.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &stdout, Stderr: &stderr}); err != nil {
		return stdout.String(), fmt.Errorf("in pod client: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// get is an HTTP request with nothing but bash.
func get(host string) string {
	return fmt.Sprintf(`timeout 3 bash -c 'exec 3<>/dev/tcp/%s/8080; printf "GET /health HTTP/1.0\r\n\r\n" >&3; cat <&3'`, host)
}

// reach wants the client to get an answer from a host.
func (c *cluster) reach(ctx context.Context, t *testing.T, host string, budget time.Duration) time.Duration {
	t.Helper()
	return await(ctx, t, "an answer of "+host, budget, func(ctx context.Context) (bool, string, error) {
		out, err := c.inPod(ctx, get(host))
		return err == nil && strings.Contains(out, "200 OK"), out, err
	})
}
