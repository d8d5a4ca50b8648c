// Package faults stands between a client and a real API server, and makes the
// requests fail in the ways that networks and API servers do.
package faults

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"hash/fnv"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Proxy forwards requests to an API server, but for those that its rules hit. It
// speaks HTTP/1.1 over TLS, so that a reset is one of the connection.
type Proxy struct {
	server  *httptest.Server
	forward *httputil.ReverseProxy
	config  *rest.Config
	seed    uint64
	closing chan struct{}

	mu      sync.Mutex
	rules   []*Rule
	counts  map[string]int
	nths    map[string]int
	list    []Request
	watches map[int]context.CancelFunc
	next    int
}

// New starts a proxy in front of the API server that config leads to. The same
// seed and the same requests make the same faults, whatever the order in which
// requests to different objects arrive.
func New(config *rest.Config, seed uint64) (*Proxy, error) {
	target, err := url.Parse(config.Host)
	if err != nil {
		return nil, fmt.Errorf("put a proxy before %s: %w", config.Host, err)
	}
	// Clients bring their own credentials.
	transport, err := rest.TransportFor(rest.AnonymousClientConfig(config))
	if err != nil {
		return nil, fmt.Errorf("put a proxy before %s: %w", config.Host, err)
	}
	p := &Proxy{
		config: config, seed: seed, closing: make(chan struct{}),
		counts: map[string]int{}, nths: map[string]int{}, watches: map[int]context.CancelFunc{},
	}
	p.forward = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
		// An API server that is not there does not answer with 502.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { reset(w) },
	}
	p.server = httptest.NewUnstartedServer(p)
	p.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	p.server.StartTLS()
	return p, nil
}

// Config is the client's, through the proxy.
func (p *Proxy) Config() *rest.Config {
	config := rest.CopyConfig(p.config)
	config.Host = p.server.URL
	config.TLSClientConfig = rest.TLSClientConfig{CAData: p.authority()}
	return config
}

// WriteKubeconfig writes Config as a file.
func (p *Proxy) WriteKubeconfig(path string) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["faults"] = &clientcmdapi.Cluster{Server: p.server.URL, CertificateAuthorityData: p.authority()}
	config.AuthInfos["faults"] = &clientcmdapi.AuthInfo{Token: p.config.BearerToken}
	config.Contexts["faults"] = &clientcmdapi.Context{Cluster: "faults", AuthInfo: "faults"}
	config.CurrentContext = "faults"
	return clientcmd.WriteToFile(*config, path)
}

func (p *Proxy) authority() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw})
}

// Close ends the proxy and every connection through it.
func (p *Proxy) Close() {
	close(p.closing)
	p.CutWatches()
	p.server.CloseClientConnections()
	p.server.Close()
}

// Add adds rules; the first that hits a request decides.
func (p *Proxy) Add(rules ...Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, rule := range rules {
		p.rules = append(p.rules, &rule)
	}
}

// Clear takes all rules away.
func (p *Proxy) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = nil
}

// Hits is how many requests the rules of now have hit.
func (p *Proxy) Hits() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	hits := 0
	for _, rule := range p.rules {
		hits += rule.hit
	}
	return hits
}

// Counts are the requests so far, by verb and resource ("patch configmaps").
func (p *Proxy) Counts() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.counts)
}

// Take returns the requests since the last Take, in the order of their arrival.
func (p *Proxy) Take() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.list
	p.list = nil
	return list
}

// CutWatches ends the connection of every watch that is open.
func (p *Proxy) CutWatches() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, cut := range p.watches {
		cut()
		delete(p.watches, id)
	}
}

// ServeHTTP lets a request pass, or not.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r := describe(request)
	fault := p.judge(r)
	p.wait(request, fault.Delay)
	if fault.Hang {
		// Whoever sends a body is heard out first: only then the server notices that the client left.
		_, _ = io.Copy(io.Discard, request.Body)
		select {
		case <-request.Context().Done():
		case <-p.closing:
		}
		reset(w)
		return
	}
	if fault.Call != nil && !fault.Forward {
		fault.Call()
	}
	broken := fault.Status != 0 || fault.Reset
	if broken && fault.Forward || fault.Forward && fault.Call != nil {
		unseen := httptest.NewRecorder()
		p.forward.ServeHTTP(unseen, request)
		if fault.Call != nil {
			fault.Call()
		}
		broken = true
	}
	switch {
	case fault.Status != 0:
		fault.answer(w)
	case broken:
		reset(w)
	case r.Verb == "watch":
		p.watch(w, request)
	default:
		p.forward.ServeHTTP(w, request)
	}
}

// judge counts a request and returns its fault.
func (p *Proxy) judge(r Request) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[r.Key()]++
	p.list = append(p.list, r)
	for i, rule := range p.rules {
		if rule.Match != nil && !rule.Match(r) {
			continue
		}
		rule.seen++
		switch {
		case rule.Most > 0 && rule.hit >= rule.Most:
		case rule.Nth > 0 && rule.seen != rule.Nth:
		case rule.Chance > 0 && p.dice(i, r) >= rule.Chance:
		default:
			rule.hit++
			return rule.Fault
		}
	}
	return Fault{}
}

// dice is a number in [0, 1) that depends on the seed, the rule, the request and
// how often the same request was seen, and so not on what others do meanwhile.
func (p *Proxy) dice(rule int, r Request) float64 {
	key := fmt.Sprintf("%d %s %s", rule, r.Verb, r.Path)
	p.nths[key]++
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%d %s %d", p.seed, key, p.nths[key])
	// FNV leaves the high bits of short texts alike: mix them.
	x := sum.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}

func (p *Proxy) wait(request *http.Request, delay time.Duration) {
	if delay <= 0 {
		return
	}
	select {
	case <-time.After(delay):
	case <-request.Context().Done():
	case <-p.closing:
	}
}

// watch forwards a watch until it is cut.
func (p *Proxy) watch(w http.ResponseWriter, request *http.Request) {
	ctx, cut := context.WithCancel(request.Context())
	p.mu.Lock()
	p.next++
	id := p.next
	p.watches[id] = cut
	p.mu.Unlock()
	defer func() {
		cut()
		p.mu.Lock()
		delete(p.watches, id)
		p.mu.Unlock()
	}()
	p.forward.ServeHTTP(w, request.WithContext(ctx))
}

// reset breaks the connection of a response; nothing of it was written yet.
func reset(w http.ResponseWriter) {
	if _, recorded := w.(*httptest.ResponseRecorder); recorded {
		return
	}
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	connection, _, err := hijacker.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	sever(connection)
}

// sever closes a connection with an RST where it can.
func sever(connection net.Conn) {
	if secure, ok := connection.(*tls.Conn); ok {
		connection = secure.NetConn()
	}
	if plain, ok := connection.(*net.TCPConn); ok {
		_ = plain.SetLinger(0) // Without it the peer sees an orderly end, which is a fault as well.
	}
	_ = connection.Close()
}
