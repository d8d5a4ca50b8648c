package terraform

import (
	"context"
	"fmt"
	"io"

	"github.com/hashicorp/terraform-exec/tfexec"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// Replace applies as Apply does, and makes one machine anew. A volume that the
// module keeps apart from its machine, as clouds' disks of etcd, stays.
func (w *Workspace) Replace(ctx context.Context, platform, machine string) (machines.File, error) {
	addresses, err := replaced(platform, machine)
	if err != nil {
		return machines.File{}, err
	}
	options := []tfexec.ApplyOption{tfexec.LockTimeout(lockTimeout)}
	for _, address := range addresses {
		options = append(options, tfexec.Replace(address))
	}
	run, err := w.run(ctx, "apply -replace", func(tf *tfexec.Terraform, out io.Writer) error {
		return tf.ApplyJSON(ctx, out, options...)
	})
	if err != nil {
		return machines.File{}, err
	}
	return run.outputs.Machines()
}

// replaced lists the addresses of what a machine is made of: every module keeps
// machines by their names.
func replaced(platform, machine string) ([]string, error) {
	resource, ok := machineResources[platform]
	if !ok {
		return nil, noModule(platform)
	}
	addresses := []string{fmt.Sprintf("%s[%q]", resource, machine)}
	if platform == "local" {
		addresses = append(addresses, fmt.Sprintf("docker_volume.var[%q]", machine))
	}
	return addresses, nil
}

// machineResources is what a machine that has a name is, on each platform.
var machineResources = map[string]string{
	"local": "docker_container.machine",
	"aws":   "aws_instance.control_plane",
	"gce":   "google_compute_instance.control_plane",
	"azure": "azurerm_linux_virtual_machine.control_plane",
}

// machine tells whether the event is about a machine that is made or changed.
func (m event) machine() (name string, ok bool) {
	r := m.Hook.Resource
	for _, resource := range machineResources {
		if r.Type+"."+r.Name == resource && m.Hook.Action != "delete" {
			return r.key(), true
		}
	}
	return "", false
}
