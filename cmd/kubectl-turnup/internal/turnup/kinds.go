package turnup

import "k8s.io/client-go/discovery"

// uncached is a discovery client for code that insists on one with a cache.
type uncached struct{ discovery.DiscoveryInterface }

// Fresh reports that nothing old is ever answered.
func (uncached) Fresh() bool { return true }

// Invalidate has nothing to forget.
func (uncached) Invalidate() {}
