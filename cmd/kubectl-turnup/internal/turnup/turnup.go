// Package turnup is the story: the phases of a cluster's life in order. It joins
// the rooms (terraform, bootstrap, addon-manager), which know nothing of each other.
package turnup

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/bootstrap/transport"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/home"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Turnup is one cluster and the means to work on it.
type Turnup struct {
	Home   home.Home
	Config config.Cluster
	Out    *ui.Output
	// Terraform is the path of terraform or tofu; "" finds one.
	Terraform string
	// Kubeconfig is the file the context is written to; "" follows kubectl's rules.
	Kubeconfig string

	// Force deletes a cluster even if nobody can be asked what its controllers
	// rented in the cloud.
	Force bool

	// before is the record of the config as Begin found it; nil for a new cluster.
	before []byte
	// AcceptHostKeys takes the keys of SSH hosts that nobody has seen before.
	AcceptHostKeys bool
	// Patience is how long a host may not answer; 0 leaves it to the platform.
	Patience time.Duration

	reaching sync.Once
	pool     *transport.Pool

	// board follows the machines through a verb that makes some; nil in others.
	board *ui.Board
}

// name is the cluster's.
func (t *Turnup) name() string { return t.Config.Cluster.Name }

// connect is the way into the cluster, once its API server is there.
func (t *Turnup) connect() (*cluster.Access, error) { return cluster.Of(t.Home) }

// keys loads the cluster's PKI and makes what is missing for these machines.
func (t *Turnup) keys(file machines.File) (*pki.PKI, error) {
	host, _, err := net.SplitHostPort(file.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("read endpoint %q: %w", file.Endpoint, err)
	}
	return pki.Ensure(t.Home.PKI(), t.keyRequest(host, file.WithRole(machines.ControlPlane)), time.Now())
}

// keyRequest says for what keys are. Before there are machines, they are the CA,
// the workers' token and, on a cloud, the SSH key.
func (t *Turnup) keyRequest(endpoint string, planes []machines.Machine) pki.Request {
	var sans []string
	for _, name := range strings.Split(t.Config.Bootstrap.ExtraSANs, ",") {
		if name = strings.TrimSpace(name); name != "" {
			sans = append(sans, name)
		}
	}
	return pki.Request{
		Cluster: t.name(), Domain: t.Config.Network.Domain,
		ServiceIP: config.APIServiceIP(t.Config).String(),
		Endpoint:  endpoint, ExtraSANs: sans,
		Machines: planes, SSH: sshKind(t.Config),
	}
}

// sshKind is the kind of SSH key for the machines of a cloud; "" elsewhere, where
// turnup makes none.
func sshKind(cfg config.Cluster) string {
	switch _, cloud := config.CloudOf(cfg); {
	case cfg.Provision.Platform == "azure":
		return pki.RSA
	case cloud:
		return pki.Ed25519
	}
	return ""
}

// step runs one step of the story and reports how it ended.
func (t *Turnup) step(ctx context.Context, title string, budget time.Duration, do func(ctx context.Context, step *ui.Step) error) error {
	step := t.Out.Step(title, budget)
	return step.End(do(ctx, step))
}

// errTimeout reads better than what it is.
var errTimeout = timeout{}

type timeout struct{}

func (timeout) Error() string { return "timed out" }
func (timeout) Unwrap() error { return context.DeadlineExceeded }

// bounded is step for work that keeps no budget itself: others do it, and may hang.
func (t *Turnup) bounded(ctx context.Context, title string, budget time.Duration, do func(ctx context.Context, step *ui.Step) error) error {
	return t.step(ctx, title, budget, func(ctx context.Context, step *ui.Step) error {
		limited, cancel := context.WithTimeout(ctx, budget)
		defer cancel()
		err := do(limited, step)
		if err != nil && limited.Err() != nil && ctx.Err() == nil {
			return fmt.Errorf("%s: %w after %s: %w", title, errTimeout, budget, err)
		}
		return err
	})
}
