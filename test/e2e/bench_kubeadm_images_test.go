package e2e

import (
	"context"
	"fmt"
	"io"
	"slices"

	"turnup.dev/kubectl-turnup/internal/images"
)

// The images of a default cluster, without what only turnup has: those that any
// machine may run, and a control plane's own.
var (
	benchEverywhere = []images.Component{
		images.Pause, images.KubeProxy, images.Flannel, images.FlannelCNIPlugin,
		images.CoreDNS, images.MetricsServer, images.LocalPath, images.Busybox,
	}
	benchPlane = []images.Component{images.Etcd, images.KubeAPIServer, images.KubeControllerManager, images.KubeScheduler}
)

// importImages brings a machine its images, if it has no store.
func (k *benchKubeadm) importImages(ctx context.Context, clock *benchClock, machine string) error {
	if k.bundle == nil {
		return nil
	}
	list := benchEverywhere
	if machine == k.names()[0] {
		list = slices.Concat(list, benchPlane)
	}
	set := images.For(images.Newest(), "")
	var refs []string
	for _, component := range list {
		refs = append(refs, set.Ref(component))
	}
	return clock.step("import images on "+machine, func() error {
		read, write := io.Pipe()
		go func() { _ = write.CloseWithError(k.bundle.Tar(write, refs...)) }()
		defer read.Close()
		if _, err := benchPipe(ctx, machine, benchBoot+"ctr -n k8s.io images import --local - >/dev/null", read); err != nil {
			return fmt.Errorf("import images on %s: %w", machine, err)
		}
		return nil
	})
}
