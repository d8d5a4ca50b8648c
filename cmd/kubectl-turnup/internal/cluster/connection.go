package cluster

import (
	"maps"
	"slices"

	"k8s.io/client-go/tools/clientcmd"
)

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

// Given tells whether the user leads anywhere at all.
func (c Connection) Given() bool {
	return c.Context != "" || c.Kubeconfig != "" || len(c.Words) > 0
}

// ClientConfig is the client configuration, read when it is asked for.
func (c Connection) ClientConfig() clientcmd.ClientConfig {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = c.Kubeconfig
	overrides := c.Overrides
	overrides.CurrentContext = c.Context
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &overrides)
}

// Contexts lists the contexts of a kubeconfig; "" is the one kubectl would read.
func Contexts(file string) []string {
	config, err := Connection{Kubeconfig: file}.ClientConfig().RawConfig()
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(config.Contexts))
}
