package e2e

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// trust is the cluster's CA, as the only one.
func (c *cluster) trust(t *testing.T) *tls.Config {
	t.Helper()
	ca, err := os.ReadFile(c.home("pki", "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		t.Fatal("pki/ca.crt holds no certificate")
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

// anonymous asks without a certificate or token, and returns the status.
func (c *cluster) anonymous(ctx context.Context, t *testing.T, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: c.trust(t), DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Errorf("GET %s: %v", url, err)
		return 0
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

func (c *cluster) anonymousIsRefused(ctx context.Context, t *testing.T) {
	server := "https://" + c.nodes.Endpoint
	for path, want := range map[string]int{
		"/livez": 200, "/readyz": 200, "/healthz": 200,
		"/": 401, "/version": 401, "/api": 401, "/api/v1/nodes": 401, "/metrics": 401, "/openapi/v2": 401, "/livez/ping": 401,
		"/api/v1/namespaces/kube-public/configmaps/cluster-info": 401,
	} {
		if got := c.anonymous(ctx, t, server+path); got != want {
			t.Errorf("GET %s without a name: %d, want %d", path, got, want)
		}
	}
	for _, m := range c.nodes.Machines {
		for _, path := range []string{"/pods", "/metrics", "/healthz"} {
			if got := c.anonymous(ctx, t, "https://"+m.Address+":10250"+path); got != 401 {
				t.Errorf("the kubelet of %s: GET %s without a name: %d, want 401", m.Name, path, got)
			}
		}
		// The kubelet's read-only port, and what listens for its own machine only.
		for _, port := range []string{"10255", "10257", "10259", "2381", "10248"} {
			if conn, err := net.DialTimeout("tcp", m.Address+":"+port, time.Second); err == nil {
				_ = conn.Close()
				t.Errorf("%s lets others dial port %s", m.Name, port)
			}
		}
	}
	// etcd wants a certificate before it says a word.
	conn, err := tls.Dial("tcp", c.machine(machines.ControlPlane, 0).Address+":2379", &tls.Config{InsecureSkipVerify: true})
	if err == nil {
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		_, err = conn.Read(make([]byte, 1))
		_ = conn.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("etcd without a client certificate: %v, want it to ask for one", err)
	}
}

// secretsAreEncrypted looks for a Secret's value in etcd's files and in the
// audit log. A ConfigMap is found in etcd: the search works.
func (c *cluster) secretsAreEncrypted(ctx context.Context, t *testing.T) {
	value, open := "secret-"+rand.Text(), "open-"+rand.Text()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "probe-secret"}, StringData: map[string]string{"value": value}}
	if _, err := c.kube.CoreV1().Secrets(namespace).Create(ctx, secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "probe-open"}, Data: map[string]string{"value": open}}
	if _, err := c.kube.CoreV1().ConfigMaps(namespace).Create(ctx, config, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	plane := c.machine(machines.ControlPlane, 0).Name
	hits := func(where, needle string) string {
		return strings.TrimSpace(c.docker.must(ctx, t, plane, needle, "grep -raFl -f - "+where+" || true"))
	}
	const etcd, audit = "/var/lib/etcd", "/var/log/kubernetes"
	if hits(etcd, open) == "" {
		t.Errorf("a ConfigMap's value is not found in %s: the search does not work", etcd)
	}
	if hits(etcd, "k8s:enc:secretbox:v1:") == "" {
		t.Errorf("nothing in %s is encrypted by secretbox", etcd)
	}
	if hits(audit, "probe-secret") == "" {
		t.Error("the audit log does not know of the Secret")
	}
	for _, needle := range []string{value, base64.StdEncoding.EncodeToString([]byte(value))} {
		for _, where := range []string{etcd, audit} {
			if found := hits(where, needle); found != "" {
				t.Errorf("a Secret's value is readable in %s", found)
			}
		}
	}
	if found := hits(audit, open); found != "" {
		t.Errorf("%s holds the bodies of requests", found)
	}
}

func (c *cluster) kubeletsServeTrustedCertificates(ctx context.Context, t *testing.T) {
	for _, m := range c.nodes.Machines {
		dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: c.trust(t)}
		conn, err := dialer.DialContext(ctx, "tcp", m.Address+":10250")
		if err != nil {
			t.Errorf("the kubelet of %s: %v", m.Name, err)
			continue
		}
		leaf := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
		_ = conn.Close()
		if want := "system:node:" + m.Name; leaf.Subject.CommonName != want {
			t.Errorf("the kubelet of %s calls itself %q, want %q", m.Name, leaf.Subject.CommonName, want)
		}
	}
}

// nodesAreRestricted tries what a worker's kubelet must not do, as that kubelet.
func (c *cluster) nodesAreRestricted(ctx context.Context, t *testing.T) {
	own, other := c.machine(machines.Worker, 0).Name, c.machine(machines.Worker, 1).Name
	identity := []byte(c.docker.must(ctx, t, own, "", "cat /var/lib/kubelet/pki/kubelet-client-current.pem"))
	config := rest.CopyConfig(c.rest)
	config.CertData, config.KeyData = identity, identity
	kubelet, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	core := kubelet.CoreV1()
	if _, err := core.Nodes().Get(ctx, own, metav1.GetOptions{}); err != nil {
		t.Fatalf("the kubelet of %s cannot read its own node: %v", own, err)
	}
	label := func(node, key string) error {
		patch := []byte(`{"metadata":{"labels":{"` + key + `":"x"}}}`)
		_, err := core.Nodes().Patch(ctx, node, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
		return err
	}
	_, secretErr := core.Secrets("kube-system").List(ctx, metav1.ListOptions{})
	_, boundErr := core.Secrets(namespace).Get(ctx, "probe-secret", metav1.GetOptions{})
	for what, err := range map[string]error{
		"give itself a node-restriction.kubernetes.io label": label(own, "node-restriction.kubernetes.io/e2e"),
		"give itself a role":             label(own, "node-role.kubernetes.io/control-plane"),
		"label another node":             label(other, "e2e"),
		"list Secrets":                   secretErr,
		"read a Secret none of its pods": boundErr,
		"delete another node":            core.Nodes().Delete(ctx, other, metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}}),
	} {
		if !apierrors.IsForbidden(err) {
			t.Errorf("the kubelet of %s can %s (%v), want forbidden", own, what, err)
		}
	}
}
