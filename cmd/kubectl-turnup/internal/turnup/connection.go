package turnup

import "k8s.io/client-go/tools/clientcmd"

// Connection leads to any cluster, as kubectl's flags of the same names do.
type Connection struct {
	Context, Kubeconfig string
	// Overrides are what the other flags say.
	Overrides clientcmd.ConfigOverrides
	// Words are the other flags as they were given, for another process that is to
	// find the same cluster.
	Words []string
	// Secret is the flag among them that must not be written down; "" for none.
	Secret string
}

// given tells whether the user leads anywhere at all.
func (c Connection) given() bool {
	return c.Context != "" || c.Kubeconfig != "" || len(c.Words) > 0
}

// config is the client configuration, read when it is asked for.
func (c Connection) config() clientcmd.ClientConfig {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = c.Kubeconfig
	overrides := c.Overrides
	overrides.CurrentContext = c.Context
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &overrides)
}
