package home

import (
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/gitsource"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// HasCredentials refuses, before anything is touched, a config that names a file
// of credentials which cannot be read or used.
func HasCredentials(cfg config.Cluster) error {
	_, err := gitsource.CredentialsOf(cfg).Object()
	return ui.Hint(err, "nothing was touched; change it in the config, or with --set for this run")
}
