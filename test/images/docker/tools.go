//go:build tools

// Package docker names what the Docker of machines is built from, for go mod tidy.
package docker

import (
	_ "github.com/docker/cli/cmd/docker"
	_ "github.com/moby/moby/v2/cmd/dockerd"
)
