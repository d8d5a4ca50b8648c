package bootstrap

import (
	"net"

	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// backend is an API server behind a load balancer: the name in its certificate,
// and where it listens.
type backend struct{ Name, Address string }

func backends(planes []machines.Machine, port string) []backend {
	var list []backend
	for _, m := range planes {
		list = append(list, backend{Name: m.Name, Address: net.JoinHostPort(m.Address, port)})
	}
	return list
}

// loadBalancer adds what a machine needs that spreads connections over the API
// servers. It holds no key: what goes through it stays encrypted.
func (r *renderer) loadBalancer(p *pki.PKI) {
	r.template("/etc/haproxy/haproxy.cfg", 0o644, "haproxy.cfg", r.in)
	r.file("/etc/haproxy/ca.crt", 0o644, 0, p.CA.Cert)
}
