package turnup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// access is the way into a running cluster, as its admin.
type access struct {
	rest    *rest.Config
	typed   kubernetes.Interface
	dynamic dynamic.Interface
}

// AdminKubeconfig is what the cluster's own kubeconfig holds.
func (t *Turnup) AdminKubeconfig() ([]byte, error) {
	data, err := os.ReadFile(t.Home.Kubeconfig())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ui.Hint(fmt.Errorf("the cluster %s has no kubeconfig yet", t.name()), "`kubectl turnup create %s` goes on where it was", t.name())
	}
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	return data, nil
}

// connect reads the cluster's own kubeconfig; the user's contexts do not matter.
func (t *Turnup) connect() (*access, error) {
	data, err := t.AdminKubeconfig()
	if err != nil {
		return nil, err
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(data)
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig %s: %w", t.Home.Kubeconfig(), err)
	}
	return newAccess(config)
}

// newAccess makes the clients for a cluster, with the limits of every verb.
func newAccess(config *rest.Config) (*access, error) {
	config.QPS, config.Burst = 100, 200
	if config.Timeout == 0 {
		config.Timeout = 15 * time.Second
	}
	return newAccessWith(config)
}

func newAccessWith(config *rest.Config) (*access, error) {
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make API client: %w", err)
	}
	dyn, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make API client: %w", err)
	}
	return &access{rest: config, typed: typed, dynamic: dyn}, nil
}
