package bootstrap

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
)

const dockerProxy = "/etc/systemd/system/docker.service.d/20-turnup-proxy.conf"

// proxyDropIns are the files that tell a machine's container runtimes of the proxy.
var proxyDropIns = []string{"/etc/systemd/system/containerd.service.d/20-turnup-proxy.conf", dockerProxy}

// Proxy tells which proxy the machines of a cluster take to a URL, nil for none.
func Proxy(cfg config.Cluster) func(*url.URL) (*url.URL, error) {
	return proxyOf(cfg, machines.File{}).ProxyFunc()
}

func proxyOf(cfg config.Cluster, file machines.File) *httpproxy.Config {
	proxy := cfg.Bootstrap.Proxy
	return &httpproxy.Config{HTTPProxy: proxy.HTTP, HTTPSProxy: proxy.HTTPS, NoProxy: strings.Join(withoutProxy(cfg, file), ",")}
}

// proxyEnvironment is how programs of a machine learn of the proxy, NAME=VALUE
// each; empty where there is none. No value needs quotes: config sees to that.
func proxyEnvironment(cfg config.Cluster, file machines.File) []string {
	proxy := proxyOf(cfg, file)
	var env []string
	if proxy.HTTPProxy != "" {
		env = append(env, "HTTP_PROXY="+proxy.HTTPProxy)
	}
	if proxy.HTTPSProxy != "" {
		env = append(env, "HTTPS_PROXY="+proxy.HTTPSProxy)
	}
	if env != nil {
		env = append(env, "NO_PROXY="+proxy.NoProxy)
	}
	return env
}

// withoutProxy is whatever is of the cluster, and what the user excepts. Where
// turnup chose the machines' range it is the range, which stays the same when a
// machine comes.
func withoutProxy(cfg config.Cluster, file machines.File) []string {
	// Clouds tell a machine about itself at an address of the link.
	list := []string{"localhost", "127.0.0.0/8", "169.254.0.0/16"}
	cloud, isCloud := config.CloudOf(cfg)
	switch {
	case isCloud:
		list = append(list, cloud.Subnet)
	case cfg.Provision.Platform == "local":
		list = append(list, cfg.Provision.Local.Subnet)
	default:
		for _, m := range file.Machines {
			list = append(list, m.Address)
		}
	}
	if host, _, err := net.SplitHostPort(file.Endpoint); err == nil {
		list = append(list, host)
	}
	list = append(list, cfg.Network.PodCIDR, cfg.Network.ServiceCIDR, ".svc", "."+cfg.Network.Domain)
	for exception := range strings.SplitSeq(cfg.Bootstrap.Proxy.Exceptions, ",") {
		list = append(list, exception)
	}
	var distinct []string
	for _, one := range list {
		if one != "" && !slices.Contains(distinct, one) {
			distinct = append(distinct, one)
		}
	}
	return distinct
}

// exports has a script on a machine use the proxy before there are any files, in
// the two ways in which programs ask for it.
func exports(environment []string) string {
	var out strings.Builder
	for _, one := range environment {
		name, value, _ := strings.Cut(one, "=")
		out.WriteString("export " + name + "='" + value + "' " + strings.ToLower(name) + "='" + value + "'\n")
	}
	return out.String()
}

// proxies adds the drop-ins of the container runtimes that the machine has, and
// returns those that it is to have no longer.
func (r *renderer) proxies() (gone []string) {
	for _, path := range proxyDropIns {
		if len(r.in.Proxy) == 0 || path == dockerProxy && !r.in.Docker {
			gone = append(gone, path)
			continue
		}
		r.template(path, 0o644, "proxy.conf", r.in)
	}
	return gone
}
