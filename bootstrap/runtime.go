package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"turnup.dev/kubectl-turnup/bootstrap/host"
	"turnup.dev/kubectl-turnup/bootstrap/transport"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/wait"
)

// upBudget is how long a machine may take to boot and start its container runtime.
const upBudget = 60 * time.Second

// What the look at a machine's container runtime exits with, beside 0: it is as
// the kubelet needs it.
const (
	runtimeBoots   = 10 // the machine starts, and its runtime with it
	runtimeMissing = 11 // somebody has to install or configure it
)

// ensureRuntime makes sure that a machine has a container runtime as the kubelet
// needs it. It waits for a machine that starts, and installs one where there is
// none; what depends on the host's kind is written there as well.
func ensureRuntime(ctx context.Context, t transport.Transport, r Rendered) error {
	look, ensure := host.Runtime+"look_at_runtime\n", host.Runtime+"ensure_runtime\n"
	if r.dockerImage != "" {
		look = host.Runtime + host.Docker + "(look_at_runtime) || exit\nlook_at_docker\n"
		ensure = "docker_image=" + r.dockerImage + "\n" + host.Runtime + host.Docker + "ensure_runtime\nensure_docker\n"
	}
	missing := false
	err := wait.For(ctx, wait.Options{
		What: "the container runtime of machine " + r.Machine.Name, Budget: upBudget, Every: 100 * time.Millisecond,
	}, func(ctx context.Context) (bool, string, error) {
		_, err := t.Run(ctx, "# look for the container runtime\n"+look, nil)
		var exit *transport.ExitError
		switch {
		case err == nil:
			return true, "", nil
		case transport.IsGone(err):
			return false, "", wait.Stop(err)
		case errors.As(err, &exit) && exit.Code == runtimeMissing:
			missing = true
			return true, "", nil
		case errors.As(err, &exit) && exit.Code == runtimeBoots:
			return false, "it is starting", nil
		}
		return false, "", err
	})
	if err != nil || !missing {
		return err
	}
	script := "# install a container runtime\nset -eu\n" + exports(r.proxy) + "runtime_image=" + r.runtimeImage + "\n" + ensure
	if _, err := t.Run(ctx, script, nil); err != nil {
		return fmt.Errorf("install a container runtime on machine %s: %w", r.Machine.Name, err)
	}
	return nil
}

// useDisk gives etcd its own disk, on a control plane that has one. It comes
// before Ignition, which makes the directory on it etcd's.
func useDisk(ctx context.Context, t transport.Transport, m machines.Machine) error {
	if m.EtcdDevice == "" {
		return nil
	}
	if _, err := t.Run(ctx, "# prepare etcd's disk\nset -eu\n"+host.Disk+"use_disk "+m.EtcdDevice, nil); err != nil {
		return fmt.Errorf("prepare etcd's disk on machine %s: %w", m.Name, err)
	}
	return nil
}
