package turnup

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/atomicfile"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/terraform"
)

// Render writes what the phases would use into a directory, and touches nothing
// else. Keys and tokens are placeholders: the output can be shown and compared.
func (t *Turnup) Render(ctx context.Context, dir string) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, "machines.json")); err != nil {
			return ui.Hint(fmt.Errorf("%s is not empty and holds no earlier render", dir), "choose a new directory")
		}
	}
	file, err := t.expectedMachines()
	if err != nil {
		return err
	}
	steps := []struct {
		title string
		do    func() error
	}{
		{"render terraform", func() error { return t.renderTerraform(dir) }},
		{"render machines.json", func() error {
			return atomicfile.Write(filepath.Join(dir, "machines.json"), file.Encode(), 0o644)
		}},
		{"render ignition", func() error { return t.renderIgnition(dir, file) }},
		{"render user-data", func() error { return t.renderUserData(dir) }},
		{"render addon-manager", func() error { return t.renderManager(dir, file) }},
		{"render addons", func() error { return t.renderAddons(dir, file) }},
	}
	for _, s := range steps {
		err := t.step(ctx, s.title, time.Minute, func(context.Context, *ui.Step) error { return s.do() })
		if err != nil {
			return err
		}
	}
	return nil
}

// expectedMachines is the machines file of a cluster that has none yet, as
// terraform/local will number them, or as the user wrote it.
func (t *Turnup) expectedMachines() (machines.File, error) {
	if t.Config.Provision.Platform == baremetal {
		file, err := t.usersMachines()
		if errors.Is(err, machines.ErrMissing) {
			// Bootstrap works from the copy alone.
			if copied, missing := t.Home.ReadMachines(); missing == nil {
				return copied, nil
			}
		}
		return file, err
	}
	if file, err := machines.Read(t.Home.Machines()); err == nil {
		return file, nil
	}
	if _, ok := config.CloudOf(t.Config); ok {
		return expectedInCloud(t.Config)
	}
	prefix := netip.MustParsePrefix(t.Config.Provision.Local.Subnet) // validated
	var list []machines.Machine
	add := func(role machines.Role, count, first int) {
		address := prefix.Masked().Addr()
		for range first {
			address = address.Next()
		}
		for i := range count {
			name := fmt.Sprintf("%s-%s-%d", t.name(), role, i)
			list = append(list, machines.Machine{
				Name: name, Role: role, Address: address.String(),
				Transport: machines.Transport{Docker: &machines.Docker{Container: name}},
			})
			address = address.Next()
		}
	}
	if t.Config.Provision.ControlPlanes > 1 {
		add(machines.LoadBalancer, 1, 10)
	}
	add(machines.ControlPlane, t.Config.Provision.ControlPlanes, 11)
	add(machines.Worker, t.Config.Provision.Workers, 21)
	return machines.New(list[0].Address+":6443", list), nil
}

func (t *Turnup) renderTerraform(dir string) error {
	if t.Config.Provision.Platform == baremetal {
		return nil
	}
	set := config.Images(t.Config)
	inputs, err := renderInputs(t.Config, set.Ref(images.Machine))
	if err != nil {
		return err
	}
	ws := terraform.Workspace{Dir: filepath.Join(dir, "terraform")}
	return ws.Prepare(t.Config, inputs)
}

func (t *Turnup) renderIgnition(dir string, file machines.File) error {
	rendered, err := bootstrap.Render(t.Config, file, pki.Placeholder(file.WithRole(machines.ControlPlane)))
	if err != nil {
		return err
	}
	for _, r := range rendered {
		if err := atomicfile.Write(filepath.Join(dir, "ignition", r.Machine.Name+".json"), r.Ignition, 0o644); err != nil {
			return err
		}
		// The same once more as plain files, for people.
		for _, f := range r.Files {
			path := filepath.Join(dir, "files", r.Machine.Name, filepath.FromSlash(f.Path))
			if err := atomicfile.Write(path, f.Content, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *Turnup) renderManager(dir string, file machines.File) error {
	objects, err := t.managerObjects(file)
	if err != nil {
		return err
	}
	return writeObjects(filepath.Join(dir, "addon-manager.yaml"), objects)
}

// renderAddons builds the user's tree if there is one, else the one create would write.
func (t *Turnup) renderAddons(dir string, file machines.File) error {
	files, err := t.treeFiles(file)
	if err != nil {
		return err
	}
	var errs []error
	for _, addon := range build.New().Build(files) {
		if addon.Err != nil {
			errs = append(errs, addon.Err)
			continue
		}
		var objects []*unstructured.Unstructured
		for _, object := range addon.Objects {
			u := &unstructured.Unstructured{}
			errs = append(errs, u.UnmarshalJSON(object.Data))
			objects = append(objects, u)
		}
		errs = append(errs, writeObjects(filepath.Join(dir, "addons", addon.Name+".yaml"), objects))
	}
	return errors.Join(errs...)
}

func writeObjects(path string, objects []*unstructured.Unstructured) error {
	var out []byte
	for i, object := range objects {
		if i > 0 {
			out = append(out, "---\n"...)
		}
		data, err := yaml.Marshal(object.Object)
		if err != nil {
			return fmt.Errorf("encode %s: %w", object.GetName(), err)
		}
		out = append(out, data...)
	}
	return atomicfile.Write(path, out, 0o644)
}
