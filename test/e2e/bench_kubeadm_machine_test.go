package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"golang.org/x/sync/errgroup"

	"turnup.dev/kubectl-turnup/internal/images"
)

const benchKubeadmLabel = "dev.turnup.bench"

func (k *benchKubeadm) names() []string {
	return []string{benchKubeadmName + "-control-plane-0", benchKubeadmName + "-worker-0", benchKubeadmName + "-worker-1"}
}

func (k *benchKubeadm) addresses() []string {
	return []string{benchKubeadmHost, "172.28.2.21", "172.28.2.22"}
}

// startMachines makes what terraform/local makes, by Docker's API. The files of
// kubeadm's packages are put in before the start, so they cost no restart.
func (k *benchKubeadm) startMachines(ctx context.Context) error {
	labels := map[string]string{benchKubeadmLabel: benchKubeadmName}
	api := k.docker.api
	_, err := api.NetworkCreate(ctx, benchKubeadmName, network.CreateOptions{
		Driver: "bridge", Labels: labels,
		IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: benchKubeadmSubnet}}},
	})
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for i, name := range k.names() {
		group.Go(func() error {
			_, err := api.ContainerCreate(ctx, &container.Config{
				Hostname: name, Image: k.inputs.Image, Labels: labels, Env: []string{"container=docker"}, StopSignal: "SIGRTMIN+3",
			}, k.host(name), &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
				benchKubeadmName: {IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: k.addresses()[i]}},
			}}, nil, name)
			if err != nil {
				return err
			}
			files, err := benchTar(k.files(i))
			if err != nil {
				return err
			}
			if err := api.CopyToContainer(ctx, name, "/", files, container.CopyToContainerOptions{}); err != nil {
				return err
			}
			return api.ContainerStart(ctx, name, container.StartOptions{})
		})
	}
	return group.Wait()
}

// host is the same as terraform/local/machines.tf, and the two programs.
func (k *benchKubeadm) host(name string) *container.HostConfig {
	host := &container.HostConfig{
		CapAdd: []string{"ALL"}, CapDrop: []string{"CAP_SYS_RESOURCE"},
		SecurityOpt: []string{"seccomp=unconfined", "apparmor=unconfined"},
		MaskedPaths: []string{}, ReadonlyPaths: []string{}, // systempaths=unconfined
		CgroupnsMode: "private",
		Tmpfs:        map[string]string{"/run": "", "/tmp": ""},
		NetworkMode:  benchKubeadmName,
		Resources:    container.Resources{DeviceCgroupRules: []string{"a *:* rwm"}},
		Mounts: []mount.Mount{
			{Type: mount.TypeVolume, Source: name + "-var", Target: "/var", VolumeOptions: &mount.VolumeOptions{
				Labels: map[string]string{benchKubeadmLabel: benchKubeadmName},
			}},
		},
	}
	if k.bundle == nil {
		host.Mounts = append(host.Mounts, mount.Mount{Type: mount.TypeVolume, Source: k.inputs.Store, Target: "/store", ReadOnly: true})
	}
	for _, program := range []string{"kubeadm", "kubelet"} {
		host.Mounts = append(host.Mounts, mount.Mount{
			Type: mount.TypeBind, Source: k.binaries + "/" + program, Target: "/usr/bin/" + program, ReadOnly: true,
		})
	}
	return host
}

// remove removes everything with the benchmark's label, and says what it could not.
func (k *benchKubeadm) remove(ctx context.Context) {
	api, label := k.docker.api, filters.NewArgs(filters.Arg("label", benchKubeadmLabel+"="+benchKubeadmName))
	var errs []error
	containers, err := api.ContainerList(ctx, container.ListOptions{All: true, Filters: label})
	errs = append(errs, err)
	for _, c := range containers {
		errs = append(errs, api.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true}))
	}
	for _, name := range k.names() {
		errs = append(errs, api.VolumeRemove(ctx, name+"-var", true))
	}
	networks, err := api.NetworkList(ctx, network.ListOptions{Filters: label})
	errs = append(errs, err)
	for _, n := range networks {
		errs = append(errs, api.NetworkRemove(ctx, n.ID))
	}
	if err := errors.Join(errs...); err != nil {
		fmt.Printf("remove %s: %v\n", benchKubeadmName, err)
	}
}

// benchBoot waits for the machine's container runtime; benchLog keeps what
// kubeadm says and shows its end if it fails.
const (
	benchBoot = `set -eu
for i in $(seq 300); do test -S /run/containerd/containerd.sock && break; sleep 0.1; done
sysctl -q -w net.ipv4.ip_forward=1
`
	benchLog = ` >/run/kubeadm.log 2>&1 || { tail -n 15 /run/kubeadm.log >&2; exit 1; }`
)

// discovery is what a worker knows of the cluster, address and CA, in the form of
// the cluster-info that kubeadm publishes: a kubeconfig with one nameless cluster.
func (k *benchKubeadm) discovery() (string, error) {
	config, err := clientcmd.LoadFromFile(k.kubeconfig())
	if err != nil {
		return "", err
	}
	info := clientcmdapi.NewConfig()
	for _, cluster := range config.Clusters {
		info.Clusters[""] = cluster
	}
	data, err := clientcmd.Write(*info)
	return string(data), err
}

func benchTar(files map[string]string) (*bytes.Buffer, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for name, content := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(content)); err != nil {
			return nil, err
		}
	}
	return &out, w.Close()
}

// files are what kubeadm's packages bring, and its config for machine i.
func (k *benchKubeadm) files(i int) map[string]string {
	set := images.For(images.Newest(), "")
	fill := strings.NewReplacer(
		"HOST", benchKubeadmHost, "ADDRESS", k.addresses()[i], "NAME", k.names()[i],
		"VERSION", images.KubernetesVersion(images.Newest()), "PAUSE", set.Ref(images.Pause),
		"ETCD", set.Ref(images.Etcd)[strings.LastIndex(set.Ref(images.Etcd), ":")+1:],
	)
	files := map[string]string{
		"etc/systemd/system/kubelet.service":                   benchUnit,
		"etc/systemd/system/kubelet.service.d/10-kubeadm.conf": benchDropIn,
		"etc/default/kubelet":                                  fill.Replace(benchKubeletArgs),
		"etc/containerd/conf.d/20-bench.toml":                  fill.Replace(benchSandbox),
		"etc/kubeadm/join.yaml":                                fill.Replace(benchJoin),
	}
	if i == 0 {
		files["etc/kubeadm/init.yaml"] = fill.Replace(benchInit)
	}
	return files
}
