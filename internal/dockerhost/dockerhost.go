// Package dockerhost finds the Docker daemon that the docker command talks to,
// and says what to do when it does not answer.
package dockerhost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/docker/docker/client"
	"github.com/opencontainers/go-digest"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// Client returns a client of the daemon, and the daemon's address as in
// DOCKER_HOST. Nothing is dialled yet.
func Client() (*client.Client, string, error) {
	home, _ := os.UserHomeDir() // without a home there are no contexts
	host, err := find(os.Getenv, home)
	if err != nil {
		return nil, "", err
	}
	api, err := client.NewClientWithOpts(client.WithTLSClientConfigFromEnv(), client.WithHost(host), client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, "", Explain(host, err)
	}
	return api, host, nil
}

// Explain says why there is no Docker and what to do about it.
func Explain(host string, err error) error {
	u, parseErr := url.Parse(host)
	socket := parseErr == nil && u.Scheme == "unix"
	wrapped := func(reason string) error { return fmt.Errorf("connect to Docker at %s: %s", host, reason) }
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return ui.Hint(wrapped("no answer within 10s"), "restart Docker, or point DOCKER_HOST at a daemon that answers")
	case errors.Is(err, fs.ErrPermission) && socket:
		return ui.Hint(wrapped("permission denied"),
			"add yourself to the docker group (sudo usermod -aG docker $USER, then log in again), or use sudo")
	case socket:
		if _, statErr := os.Stat(u.Path); errors.Is(statErr, fs.ErrNotExist) {
			return ui.Hint(wrapped("there is no such socket, so Docker is not running or not installed"), "%s", start(runtime.GOOS))
		}
		return ui.Hint(wrapped("nothing answers"), "%s", start(runtime.GOOS))
	}
	return ui.Hint(wrapped(err.Error()), "check DOCKER_HOST and the Docker context (docker context ls)")
}

func start(goos string) string {
	if goos == "linux" {
		return "start Docker: sudo systemctl start docker (to install it: apt install docker.io, or docs.docker.com/engine/install)"
	}
	return "start Docker Desktop, colima or whatever runs Docker here"
}

// find returns the address the docker command uses: DOCKER_HOST, the context of
// DOCKER_CONTEXT, the current context, the usual socket; in this order.
func find(env func(string) string, home string) (string, error) {
	if host := env("DOCKER_HOST"); host != "" {
		return host, nil
	}
	dir := env("DOCKER_CONFIG")
	if dir == "" {
		dir = filepath.Join(home, ".docker")
	}
	name := env("DOCKER_CONTEXT")
	if name == "" {
		var config struct {
			CurrentContext string `json:"currentContext"`
		}
		// A missing or unreadable file means what it means to docker: no context.
		if data, err := os.ReadFile(filepath.Join(dir, "config.json")); err == nil {
			_ = json.Unmarshal(data, &config)
		}
		name = config.CurrentContext
	}
	if name == "" || name == "default" {
		return client.DefaultDockerHost, nil
	}
	var meta struct {
		Endpoints map[string]struct {
			Host string `json:"Host"`
		} `json:"Endpoints"`
	}
	path := filepath.Join(dir, "contexts", "meta", digest.FromString(name).Encoded(), "meta.json")
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &meta)
	}
	if err == nil && meta.Endpoints["docker"].Host == "" {
		err = errors.New("it has no docker endpoint")
	}
	if err != nil {
		return "", ui.Hint(fmt.Errorf("read Docker context %q: %w", name, err), "docker context ls shows the contexts; docker context use default selects the local daemon")
	}
	return meta.Endpoints["docker"].Host, nil
}
