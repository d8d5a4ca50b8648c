package turnup

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// ImageList is every image that a cluster uses.
type ImageList struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Cluster    string `json:"cluster"`
	// Platform is that of the machines, "linux/amd64".
	Platform string      `json:"platform"`
	Images   []UsedImage `json:"images"`
}

// UsedImage is one of them.
type UsedImage struct {
	// Component is what turnup knows it by; "" for an image of the user's own tree.
	Component string `json:"component,omitempty"`
	Ref       string `json:"ref"`
	// Digest is that of the bundle, or of the registry if it was asked.
	Digest string `json:"digest,omitempty"`
	// UsedBy says where: files on machines, addons with their objects.
	UsedBy []string `json:"usedBy"`
}

// Refs are the references alone.
func (l ImageList) Refs() []string {
	var refs []string
	for _, image := range l.Images {
		refs = append(refs, image.Ref)
	}
	return refs
}

// set is what a bundle is asked for.
func (l ImageList) set() []images.Image {
	var list []images.Image
	for _, image := range l.Images {
		component := image.Component
		if component == "" {
			component = image.UsedBy[0]
		}
		list = append(list, images.Image{Component: images.Component(component), Ref: image.Ref})
	}
	return list
}

// Images lists the images of the cluster that the config describes, found in the
// very files and objects that use them. The addon tree is the user's, if there
// is one.
func (t *Turnup) Images() (ImageList, error) {
	list := ImageList{
		APIVersion: api.GroupVersion().String(), Kind: "ImageList", Cluster: t.name(), Platform: "linux/" + t.arch(),
	}
	found := usage{set: config.Images(t.Config), by: map[string][]string{}}
	file, err := t.expectedMachines()
	if err != nil {
		return list, err
	}
	if t.Config.Provision.Platform == "local" {
		found.add(found.set.Ref(images.Machine), "machines")
	}
	found.add(found.set.Ref(images.Bootstrap), "bootstrap of machines")
	if t.Config.Bootstrap.ContainerRuntime == "docker" {
		found.add(found.set.Ref(images.DockerRuntime), "bootstrap of machines")
	}
	rendered, err := bootstrap.Render(t.Config, file, pki.Placeholder(file.WithRole(machines.ControlPlane)))
	if err != nil {
		return list, err
	}
	for _, r := range rendered {
		for _, f := range r.Files {
			found.file(f.Path, f.Content)
		}
	}
	if t.Config.Provision.Platform == "local" {
		delete(found.by, found.set.Ref(images.ContainerRuntime)) // the machine image has what it has
	}
	manager, err := t.managerObjects(file)
	if err != nil {
		return list, err
	}
	for _, u := range manager {
		found.object(object.Manager, u)
	}
	if err := t.imagesOfTree(file, &found); err != nil {
		return list, err
	}
	list.Images = found.list()
	return list, nil
}

// arch is that of the machines.
func (t *Turnup) arch() string {
	if cloud, ok := config.CloudOf(t.Config); ok && cloud.Arch != "" {
		return cloud.Arch
	}
	return runtime.GOARCH
}

// imagesOfTree looks at every object of the addon tree. An addon that cannot be
// built is an error: nobody knows what it would run.
func (t *Turnup) imagesOfTree(file machines.File, found *usage) error {
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
		for _, object := range addon.Objects {
			u := &unstructured.Unstructured{}
			if err := u.UnmarshalJSON(object.Data); err != nil {
				errs = append(errs, err)
				continue
			}
			found.object(addon.Name, u)
		}
	}
	return errors.Join(errs...)
}

// usage collects references and who uses them.
type usage struct {
	set images.Set
	by  map[string][]string
}

func (u *usage) add(ref, who string) {
	if ref != "" && !slices.Contains(u.by[ref], who) {
		u.by[ref] = append(u.by[ref], who)
	}
}

// file looks into a file on a machine: a static pod says its images, any other
// file names those that we know.
func (u *usage) file(path string, content []byte) {
	if strings.HasPrefix(path, "/etc/kubernetes/manifests/") {
		var pod map[string]any
		if yaml.Unmarshal(content, &pod) == nil {
			u.walk(pod, "static pod "+strings.TrimSuffix(filepath.Base(path), ".yaml"))
		}
		return
	}
	for _, image := range u.set.All() {
		if bytes.Contains(content, []byte(image.Ref)) {
			u.add(image.Ref, path)
		}
	}
}

func (u *usage) object(addon string, o *unstructured.Unstructured) {
	name := o.GetName()
	if o.GetNamespace() != "" {
		name = o.GetNamespace() + "/" + name
	}
	u.walk(o.Object, fmt.Sprintf("addon %s: %s %s", addon, o.GetKind(), name))
}

// walk finds the containers and image volumes of pods, in templates of any kind.
func (u *usage) walk(value any, who string) {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			list, _ := inner.([]any)
			switch key {
			case "containers", "initContainers", "ephemeralContainers":
				for _, one := range list {
					u.add(text(one, "image"), who)
				}
			case "volumes":
				for _, one := range list {
					if volume, ok := one.(map[string]any); ok {
						u.add(text(volume["image"], "reference"), who)
					}
				}
			}
			u.walk(inner, who)
		}
	case []any:
		for _, inner := range value {
			u.walk(inner, who)
		}
	}
}

func text(of any, key string) string {
	fields, _ := of.(map[string]any)
	value, _ := fields[key].(string)
	return value
}

// list is ordered: what turnup knows as it knows it, then what is the user's.
func (u *usage) list() []UsedImage {
	list := []UsedImage{}
	seen := map[string]bool{}
	take := func(component, ref string) {
		if by := u.by[ref]; len(by) > 0 && !seen[ref] {
			slices.Sort(by)
			list = append(list, UsedImage{Component: component, Ref: ref, UsedBy: by})
			seen[ref] = true
		}
	}
	for _, component := range images.Components() {
		take(string(component), u.set.Ref(component))
	}
	var own []string
	for ref := range u.by {
		if !seen[ref] {
			own = append(own, ref)
		}
	}
	slices.Sort(own)
	for _, ref := range own {
		take("", ref)
	}
	return list
}
