package local

import (
	"context"
	"errors"
	"time"

	"github.com/docker/docker/client"

	"turnup.dev/kubectl-turnup/internal/dockerhost"
)

// The labels of everything that belongs to a cluster or to the caches.
const (
	LabelCluster = "dev.turnup.cluster"
	LabelRole    = "dev.turnup.role"
	LabelCache   = "dev.turnup.cache"
)

// Docker is the daemon that the machines run on.
type Docker struct {
	api *client.Client
	// Host is the daemon's address, as in DOCKER_HOST.
	Host string
}

// Connect finds the daemon that the docker command would talk to, and asks
// whether it is there.
func Connect(ctx context.Context) (*Docker, error) {
	api, host, err := dockerhost.Client()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := api.Ping(ctx); err != nil {
		return nil, errors.Join(dockerhost.Explain(host, err), api.Close())
	}
	return &Docker{api: api, Host: host}, nil
}

// Close gives the connection back.
func (d *Docker) Close() error { return d.api.Close() }

// Env is what programs that talk to the same daemon need in their environment.
func (d *Docker) Env() map[string]string { return map[string]string{"DOCKER_HOST": d.Host} }
