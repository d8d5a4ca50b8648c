//go:build unix

package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"

	"turnup.dev/kubectl-turnup/internal/dockerhost"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/images/imagetest"
)

// name is that of no cluster anybody has.
const name = "turnup-badinput"

// oldTerraform answers as a release of years ago.
const oldTerraform = `#!/bin/sh
echo '{"terraform_version":"1.3.9","platform":"linux_amd64","provider_selections":{},"terraform_outdated":true}'
`

// TestBadInputOnARealDocker makes the mistakes that only a Docker daemon notices.
func TestBadInputOnARealDocker(t *testing.T) {
	docker, host, err := dockerhost.Client()
	if err == nil {
		defer docker.Close()
		_, err = docker.Ping(t.Context())
	}
	if err != nil {
		t.Skipf("SKIPPED: there is no Docker: %v", err)
	}
	// The registry is none, so that a machine image of these tests is nobody's.
	create := func(args ...string) []string {
		return append([]string{"create", name, "--set", "bootstrap.registry=badinput.invalid", "--set", "provision.local.subnet=198.18.0.0/24"}, args...)
	}
	tool := map[string]string{"bin/terraform": terraform}
	for _, m := range []mistake{
		{name: "a terraform that is too old", args: create(), files: map[string]string{"bin/terraform": oldTerraform}},
		{name: "a terraform that is none", args: create(), files: map[string]string{"bin/terraform": "#!/bin/sh\necho hello\n"}},
		{name: "a name that is taken", args: create(), files: tool, prepare: func(t *testing.T, _ string) { somebodysVolume(t, docker) }},
		{name: "addresses that are taken", args: create(), files: tool, prepare: func(t *testing.T, _ string) { somebodysNetwork(t, docker) }},
		{name: "a name and addresses that are taken", args: create(), files: tool, prepare: func(t *testing.T, _ string) {
			somebodysVolume(t, docker)
			somebodysNetwork(t, docker)
		}},
		{name: "a bundle that is not there", args: create("--bundle", "nowhere"), files: tool},
		{name: "a bundle with a broken index", args: create("--bundle", "bundle"),
			files: map[string]string{"bin/terraform": terraform, "bundle/index.json": `{"schemaVersion": 2, "manifests": [`}},
		{name: "a bundle that lacks images", args: create("--bundle", "bundle"), files: tool,
			prepare: func(t *testing.T, dir string) { bundle(t, dir, images.Kubelet, images.CoreDNS) }},
		{name: "a bundle that is damaged", args: create("--bundle", "bundle"), files: tool, prepare: damagedBundle},
		{name: "a bundle that is forgotten", args: create(), files: tool},
		{name: "a machine that does not exist", args: []string{"bootstrap", name},
			files: map[string]string{"clusters/" + name + "/machines.json": machinesFile}},
		{name: "a status of machines that do not exist", args: []string{"status", name}, code: 2,
			files: map[string]string{"clusters/" + name + "/machines.json": machinesFile,
				"clusters/" + name + "/config.json": strings.Replace(known(), `"demo"`, `"`+name+`"`, 1)}},
	} {
		m.env = append(m.env, "DOCKER_HOST="+host)
		t.Run(m.name, func(t *testing.T) {
			m.check(t)
			nothingIsLeft(t, docker)
		})
	}
}

func somebodysVolume(t *testing.T, docker *client.Client) {
	t.Helper()
	v, err := docker.VolumeCreate(t.Context(), volume.CreateOptions{Name: name + "-control-plane-0-var"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = docker.VolumeRemove(context.Background(), v.Name, false) })
}

func somebodysNetwork(t *testing.T, docker *client.Client) {
	t.Helper()
	n, err := docker.NetworkCreate(t.Context(), "turnup-badinput-somebodys", network.CreateOptions{
		Driver: "bridge", IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: "198.18.0.0/25"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = docker.NetworkRemove(context.Background(), n.ID) })
}

// bundle writes a bundle of small random images, without some.
func bundle(t *testing.T, dir string, without ...images.Component) {
	t.Helper()
	var entries []images.Entry
	for _, image := range images.For(images.Newest(), "badinput.invalid").Images() {
		if slices.Contains(without, image.Component) {
			continue
		}
		entries = append(entries, images.Entry{Ref: image.Ref, Image: imagetest.Random(t, runtime.GOARCH, 1, 512)})
	}
	if err := images.Write(filepath.Join(dir, "bundle"), entries); err != nil {
		t.Fatal(err)
	}
}

// damagedBundle has a machine image whose layer is half there.
func damagedBundle(t *testing.T, dir string) {
	t.Helper()
	bundle(t, dir)
	b, err := images.Open(filepath.Join(dir, "bundle"))
	if err != nil {
		t.Fatal(err)
	}
	machine, err := b.Image(images.For(images.Newest(), "badinput.invalid").Ref(images.Machine))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := machine.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	layer := manifest.Layers[0]
	if err := os.Truncate(filepath.Join(dir, "bundle", "blobs", layer.Digest.Algorithm, layer.Digest.Hex), layer.Size/2); err != nil {
		t.Fatal(err)
	}
}

// nothingIsLeft looks for what a failed create may have made.
func nothingIsLeft(t *testing.T, docker *client.Client) {
	t.Helper()
	label := filters.NewArgs(filters.Arg("label", "dev.turnup.cluster="+name))
	containers, err := docker.ContainerList(t.Context(), container.ListOptions{All: true, Filters: label})
	if err != nil {
		t.Fatal(err)
	}
	networks, err := docker.NetworkList(t.Context(), network.ListOptions{Filters: label})
	if err != nil {
		t.Fatal(err)
	}
	volumes, err := docker.VolumeList(t.Context(), volume.ListOptions{Filters: label})
	if err != nil {
		t.Fatal(err)
	}
	if len(containers)+len(networks)+len(volumes.Volumes) > 0 {
		t.Errorf("left: %v %v %v", containers, networks, volumes.Volumes)
	}
}
