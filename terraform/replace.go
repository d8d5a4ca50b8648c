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
	resources, ok := map[string][]string{
		"local": {"docker_container.machine", "docker_volume.var"},
		"aws":   {"aws_instance.control_plane"},
		"gce":   {"google_compute_instance.control_plane"},
		"azure": {"azurerm_linux_virtual_machine.control_plane"},
	}[platform]
	if !ok {
		return nil, noModule(platform)
	}
	var addresses []string
	for _, resource := range resources {
		addresses = append(addresses, fmt.Sprintf("%s[%q]", resource, machine))
	}
	return addresses, nil
}
