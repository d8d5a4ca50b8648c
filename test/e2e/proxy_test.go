package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/google/go-containerregistry/pkg/registry"

	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	mirror "turnup.dev/kubectl-turnup/internal/images/registry"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// outlet is a proxy behind which there is one registry only, whatever the name by
// which it is asked for: it has all images of the bundle.
type outlet struct {
	url string
	// certificate is what the registry shows, in PEM.
	certificate []byte
	mu          sync.Mutex
	asked       map[string]bool
}

// newOutlet lets a cluster's machines reach registries through a proxy.
func (c *cluster) newOutlet(ctx context.Context, t *testing.T) *outlet {
	t.Helper()
	bundle, err := images.Open(c.bundle)
	if err != nil {
		t.Fatal(err)
	}
	// The layers are read where they lie; manifests are pushed.
	handler := registry.New(registry.WithBlobHandler(registry.NewDiskBlobHandler(filepath.Join(c.bundle, "blobs"))),
		registry.Logger(log.New(io.Discard, "", 0)))
	plain := httptest.NewServer(handler)
	t.Cleanup(plain.Close)
	if _, err := (mirror.Client{}).Push(ctx, bundle, strings.TrimPrefix(plain.URL, "http://"), nil); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, ref := range bundle.Refs() {
		host, _, _ := strings.Cut(ref, "/")
		names[host] = true
	}
	o := &outlet{asked: map[string]bool{}}
	var key []byte
	o.certificate, key = selfSigned(t, &x509.Certificate{DNSNames: slices.Sorted(maps.Keys(names)), NotAfter: time.Now().Add(time.Hour)})
	pair, err := tls.X509KeyPair(o.certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	behind := httptest.NewUnstartedServer(handler)
	behind.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	behind.StartTLS()
	t.Cleanup(behind.Close)

	listener, err := net.Listen("tcp", net.JoinHostPort(c.gateway(ctx, t), "0"))
	if err != nil {
		t.Skipf("SKIPPED: Docker's bridge is not on this computer: %v", err)
	}
	proxy := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.tunnel(w, r, behind.Listener.Addr().String())
	})}
	t.Cleanup(func() { _ = proxy.Close() })
	go func() { _ = proxy.Serve(listener) }() // until it is closed
	o.url = "http://" + listener.Addr().String()
	return o
}

// tunnel takes a CONNECT, and connects with the registry whoever is asked for.
func (o *outlet) tunnel(w http.ResponseWriter, r *http.Request, to string) {
	if r.Method != http.MethodConnect {
		http.Error(w, "this proxy connects only", http.StatusMethodNotAllowed)
		return
	}
	o.mu.Lock()
	o.asked[r.Host] = true
	o.mu.Unlock()
	far, err := net.Dial("tcp", to)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer far.Close()
	near, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer near.Close()
	_, _ = near.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n"))
	go func() {
		_, _ = io.Copy(far, buffered)
		_ = far.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(near, far)
}

// machineBehindAProxyJoins boots a machine that has no image and no way to a
// registry but the proxy.
func (c *cluster) machineBehindAProxyJoins(ctx context.Context, t *testing.T) {
	o := c.newOutlet(ctx, t)
	name := c.name + "-pool-d"
	script := c.userData(t, func(cfg *config.Cluster, _ *pki.PKI) { cfg.Bootstrap.Proxy.HTTPS = o.url })
	head, rest, _ := strings.Cut(script, "\n")
	trust := "\ncat >/etc/ssl/certs/e2e.pem <<'END'\n" + string(o.certificate) + "END\n"
	start := time.Now()
	c.boot(ctx, t, name, head+trust+rest, func(host *container.HostConfig) { host.Mounts = host.Mounts[:1] })
	c.awaitBack(ctx, t, name, start)
	t.Logf("a ready node that has pulled everything %s after its machine was started", ms(time.Since(start)))
	o.mu.Lock()
	defer o.mu.Unlock()
	set := images.For(c.release, "")
	for _, component := range []images.Component{images.Bootstrap, images.Kubelet, images.Pause, images.KubeProxy, images.Flannel} {
		if host, _, _ := strings.Cut(set.Ref(component), "/"); !o.asked[host+":443"] {
			t.Errorf("nobody has asked the proxy for %s, but for %v", set.Ref(component), slices.Sorted(maps.Keys(o.asked)))
		}
	}
}

// proxyComesAndGoes tells running machines of a proxy, and takes it from them again.
func (c *cluster) proxyComesAndGoes(ctx context.Context, t *testing.T) {
	const proxy = "http://proxy.example.com:3128"
	worker := c.machine(machines.Worker, 0).Name
	before := c.podsOn(ctx, t, worker)
	for _, url := range []string{proxy, ""} {
		c.must(ctx, t, append(c.createArgs(), "--set", "bootstrap.proxy.https="+url)...)
		environment := c.docker.must(ctx, t, worker, "", "tr '\\0' '\\n' </proc/$(pgrep -xo containerd)/environ")
		if told := strings.Contains(environment, "HTTPS_PROXY="+proxy+"\n"); told != (url != "") {
			t.Errorf("with %q, containerd runs with\n%s", url, environment)
		}
	}
	if after := c.podsOn(ctx, t, worker); before != after {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}
