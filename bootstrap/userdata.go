package bootstrap

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/bootstrap/host"
	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// UserDataLimit is the most that AWS takes as user-data, in bytes, before it is
// base64; other clouds take more.
const UserDataLimit = 16 * 1024

// UserData is what the machines of a group boot with: on Flatcar the Ignition
// config itself, elsewhere a script for cloud-init that carries it. EndpointHost
// stands in it once per place where Terraform puts the endpoint's host.
func UserData(cfg config.Cluster, p *pki.PKI, g machines.Group) ([]byte, error) {
	rendered, err := RenderGroup(cfg, p, g)
	if err != nil {
		return nil, err
	}
	data := rendered.Ignition
	if cloud, _ := config.CloudOf(cfg); cloud.Image != "flatcar" {
		data = loader(cfg, g, rendered)
	}
	if len(data) > UserDataLimit {
		return nil, fmt.Errorf("the user-data of group %s has %d bytes, and AWS takes %d: give it fewer or shorter labels and taints",
			g.Name, len(data), UserDataLimit)
	}
	return data, nil
}

// loader is the script for cloud-init: a head that can be read and, packed,
// what the head starts.
func loader(cfg config.Cluster, g machines.Group, r Rendered) []byte {
	return fmt.Appendf(nil, host.Head, cfg.Cluster.Name, g.Name, EndpointHost, pack(bootstrapper(cfg, r)))
}

// bootstrapper is the script that the loader starts: the Ignition config, and
// the scripts of host that bring it to the machine.
func bootstrapper(cfg config.Cluster, r Rendered) []byte {
	set := config.Images(cfg)
	scripts, docker := []string{host.Runtime, host.Ignite, host.Loader}, ""
	if cfg.Bootstrap.ContainerRuntime == "docker" {
		scripts, docker = slices.Insert(scripts, 1, host.Docker), "docker_image="+set.Ref(images.DockerRuntime)+"\n"
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, `#!/bin/sh
set -eu
umask 022
cluster=%s
endpoint=%s
%sruntime_image=%s
%sbootstrap_image=%s
kubelet_image=%s

# config prints the node's files, an Ignition config. It holds the token with
# which this machine asks for its first certificate, and no key.
config() {
	cat <<'END'
%sEND
}

`, cfg.Cluster.Name, EndpointHost, exports(r.proxy),
		set.Ref(images.ContainerRuntime), docker, set.Ref(images.Bootstrap), set.Ref(images.Kubelet), r.Ignition)
	out.WriteString(strings.Join(scripts, "\n"))
	return out.Bytes()
}

// pack is gzip and base64, in lines as people like them.
func pack(data []byte) string {
	const width = 100
	text := base64.StdEncoding.EncodeToString(zipped(data))
	var lines []string
	for ; len(text) > width; text = text[width:] {
		lines = append(lines, text[:width])
	}
	return strings.Join(append(lines, text), "\n")
}

// zipped is gzip, with nothing in it that differs between two runs.
func zipped(data []byte) []byte {
	var out bytes.Buffer
	// Neither a level that exists nor a write to memory can fail.
	zip, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, _ = zip.Write(data)
	_ = zip.Close()
	return out.Bytes()
}
