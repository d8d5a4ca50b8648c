package config

import (
	"net/netip"

	"turnup.dev/kubectl-turnup/internal/images"
)

// Images are those of the cluster, from its mirror and with its overrides.
func Images(c Cluster) images.Set {
	return images.For(c.Bootstrap.KubernetesVersion, c.Bootstrap.Registry).Override(c.Bootstrap.ImageOverrides)
}

// APIServiceIP is the address of the Service "kubernetes": the first one of
// the Service range. The API server chooses it, and its certificate names it.
func APIServiceIP(c Cluster) netip.Addr { return serviceIP(c, 1) }

// DNSServiceIP is the address of the DNS Service: the 10th one of the Service
// range, as kubeadm has it.
func DNSServiceIP(c Cluster) netip.Addr { return serviceIP(c, 10) }

// serviceIP counts from the start of the Service range. The zero Addr comes
// out of a config that Validate refuses.
func serviceIP(c Cluster, n int) netip.Addr {
	prefix, err := netip.ParsePrefix(c.Network.ServiceCIDR)
	if err != nil {
		return netip.Addr{}
	}
	addr := prefix.Masked().Addr()
	for range n {
		addr = addr.Next()
	}
	return addr
}
