package bootstrap

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/bootstrap/transport"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// ImportBudget is the longest that carrying the images of a bundle to one machine
// may take: a few hundred megabytes, over a slow line perhaps.
const ImportBudget = 20 * time.Minute

// Needed are the images that a machine of a role runs, those of every addon
// included, as far as a bundle has them.
func Needed(cfg config.Cluster, bundle *images.Bundle, role machines.Role) []images.Image {
	planes := []images.Component{images.Etcd, images.KubeAPIServer, images.KubeControllerManager, images.KubeScheduler}
	return slices.DeleteFunc(config.Images(cfg).All(), func(image images.Image) bool {
		switch {
		case images.Namespace(image.Component) == "" || !bundle.Has(image.Ref):
			return true
		case role == machines.LoadBalancer:
			return image.Component != images.LoadBalancer && image.Component != images.Bootstrap
		case image.Component == images.LoadBalancer:
			return true
		case image.Component == images.DockerRuntime:
			return cfg.Bootstrap.ContainerRuntime != "docker"
		case role != machines.ControlPlane:
			return slices.Contains(planes, image.Component)
		}
		return false
	})
}

// Import carries images of a bundle to a machine that is to pull nothing, those
// that it does not have yet. see hears what is on its way.
func Import(ctx context.Context, t transport.Transport, m machines.Machine, bundle *images.Bundle, list []images.Image, see func(string)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, ImportBudget,
		fmt.Errorf("the images were not on machine %s within %s: %w", m.Name, ImportBudget, context.DeadlineExceeded))
	defer cancel()
	for _, namespace := range []string{"turnup", "k8s.io"} {
		out, err := t.Run(ctx, "# list images\nctr -n "+namespace+" images ls | awk '{ print $1, $3 }'", nil)
		if err != nil {
			return fmt.Errorf("list the images on machine %s: %w", m.Name, err)
		}
		missing, err := lacks(out, namespace, bundle, list)
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			continue
		}
		see(fmt.Sprintf("%d images", len(missing)))
		if err := stream(ctx, t, namespace, bundle, missing); err != nil {
			return fmt.Errorf("carry %s to machine %s: %w", strings.Join(missing, ", "), m.Name, err)
		}
	}
	return nil
}

// lacks are the images that a listing, "REF DIGEST" by line, does not have.
func lacks(listing, namespace string, bundle *images.Bundle, list []images.Image) ([]string, error) {
	have := map[string]string{}
	for line := range strings.Lines(listing) {
		if fields := strings.Fields(line); len(fields) == 2 {
			have[fields[0]] = fields[1]
		}
	}
	var missing []string
	for _, image := range list {
		if images.Namespace(image.Component) != namespace {
			continue
		}
		digest, err := bundle.DigestOf(image.Ref)
		if err != nil {
			return nil, err
		}
		if have[image.Ref] != digest {
			missing = append(missing, image.Ref)
		}
	}
	return missing, nil
}

// stream sends images as they are read from the bundle; nothing is stored in between.
func stream(ctx context.Context, t transport.Transport, namespace string, bundle *images.Bundle, refs []string) error {
	read, write := io.Pipe()
	go func() { _ = write.CloseWithError(bundle.Tar(write, refs...)) }() // it never fails to
	defer read.Close()
	_, err := t.Run(ctx, "# import images\nctr -n "+namespace+" images import --local - >/dev/null", read)
	return err
}

// EnsureRuntime makes sure that a machine has a containerd that runs, into which
// images can be carried, that of Docker among them.
func EnsureRuntime(ctx context.Context, t transport.Transport, r Rendered) error {
	ctx, cancel := context.WithTimeoutCause(ctx, DeliverBudget,
		fmt.Errorf("machine %s had no container runtime within %s: %w", r.Machine.Name, DeliverBudget, context.DeadlineExceeded))
	defer cancel()
	r.dockerImage = ""
	return ensureRuntime(ctx, t, r)
}
