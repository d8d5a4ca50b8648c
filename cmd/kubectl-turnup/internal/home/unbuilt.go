package home

import (
	"errors"
	"fmt"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/gitsource"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Buildable refuses, before anything is touched, what a config can describe and
// this version cannot do: to ignore what somebody asked for would be worse.
func Buildable(cfg config.Cluster) error {
	var errs []error
	refuse := func(is bool, path string, value any, does string) {
		if is {
			errs = append(errs, fmt.Errorf("%s is %v, and this version %s", path, value, does))
		}
	}
	refuse(cfg.Bootstrap.Proxy.HTTP != "", "bootstrap.proxy.http", cfg.Bootstrap.Proxy.HTTP, "cannot set up a proxy yet")
	refuse(cfg.Bootstrap.Proxy.HTTPS != "", "bootstrap.proxy.https", cfg.Bootstrap.Proxy.HTTPS, "cannot set up a proxy yet")
	if _, err := gitsource.CredentialsOf(cfg).Object(); err != nil {
		errs = append(errs, err)
	}
	return ui.Hint(errors.Join(errs...), "nothing was touched; change it in the config, or with --set for this run")
}
