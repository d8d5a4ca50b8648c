// Package cluster is the way into a running cluster, one of ours or any other, and
// how its objects are found and read.
package cluster

import (
	"fmt"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
)

// Access is the way into a running cluster, as its admin.
type Access struct {
	Rest    *rest.Config
	Typed   kubernetes.Interface
	Dynamic dynamic.Interface
}

// Of is the way into a cluster of ours, by its own kubeconfig: the user's contexts
// do not matter.
func Of(h home.Home) (*Access, error) {
	data, err := h.AdminKubeconfig()
	if err != nil {
		return nil, err
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(data)
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig %s: %w", h.Kubeconfig(), err)
	}
	return New(config)
}

// New makes the clients for a cluster, with the limits of every verb.
func New(config *rest.Config) (*Access, error) {
	config.QPS, config.Burst = 100, 200
	if config.Timeout == 0 {
		config.Timeout = 15 * time.Second
	}
	return newWith(config)
}

// Patient is the same way for requests that may take any time, like following a log.
func (a *Access) Patient() (*Access, error) {
	config := *a.Rest
	config.Timeout = 0
	return newWith(&config)
}

func newWith(config *rest.Config) (*Access, error) {
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make API client: %w", err)
	}
	dyn, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make API client: %w", err)
	}
	return &Access{Rest: config, Typed: typed, Dynamic: dyn}, nil
}
