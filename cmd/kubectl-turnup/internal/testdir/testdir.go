// Package testdir gives the tests of the plugin a directory of their own to run in,
// as a user has one.
package testdir

import (
	"os"
	"path/filepath"
	"testing"

	"turnup.dev/kubectl-turnup/internal/config"
)

// Endpoint is where the API server of a cluster with the default config is.
const Endpoint = "172.30.0.11:6443"

// Empty goes to a new directory, which has nothing but records of clusters.
func Empty(t *testing.T, clusters ...config.Cluster) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, cfg := range clusters {
		Write(t, filepath.Join("clusters", cfg.Cluster.Name, "config.json"), string(config.Encode(cfg)))
	}
}

// Apart is Empty, with nothing in git's reach of what the user has set or has above.
func Apart(t *testing.T) {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	t.Setenv("GIT_CEILING_DIRECTORIES", os.TempDir())
	Empty(t)
}

// Write writes a file, and makes the directory that it is in.
func Write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// On is the default config on a platform, with some assignments.
func On(t *testing.T, platform string, assignments ...string) config.Cluster {
	t.Helper()
	cfg := config.Default()
	if err := config.Set(&cfg, append([]string{"provision.platform=" + platform}, assignments...)...); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// Edited is the default config with a change.
func Edited(edit func(*config.Cluster)) config.Cluster {
	cfg := config.Default()
	edit(&cfg)
	return cfg
}
