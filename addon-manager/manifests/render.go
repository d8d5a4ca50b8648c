// Package manifests is the addon manager's own installation.
package manifests

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// FS is the kustomization; `kubectl kustomize` builds it with its default values.
//
//go:embed *.yaml
var FS embed.FS

// Options are what differs between clusters.
type Options struct {
	// Image is the manager's image reference.
	Image string
	// APIHost and APIPort lead to the API server without Service routing or DNS.
	APIHost, APIPort string
	// Interval is the time between two passes over everything; 0 for a minute.
	Interval time.Duration
	// Replicas is how many managers run; one acts, the others wait. 0 for one.
	Replicas int
	// Source is where the tree comes from; the zero value is a source of type push.
	Source api.SourceSpec
}

// Values returns values.yaml for these options.
func (o Options) Values() ([]byte, error) {
	if o.Interval == 0 {
		o.Interval = time.Minute
	}
	if o.Replicas == 0 {
		o.Replicas = 1
	}
	return yaml.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{
			"name": "manager-values", "annotations": map[string]string{"config.kubernetes.io/local-config": "true"},
		},
		"data": map[string]string{
			"image": o.Image, "api_host": o.APIHost, "api_port": o.APIPort, "interval": o.Interval.String(),
			"replicas": strconv.Itoa(o.Replicas),
		},
	})
}

// Render returns the manager's objects, in the order of applying: namespace,
// definitions, rights, the source, the Deployment. The source's kind takes a
// moment to be served after its definition: whoever applies it tries again.
//
// The source is not part of the kustomization, since `kubectl apply` cannot take
// an object together with its definition; without one, the source is of type push.
func Render(o Options) ([]*unstructured.Unstructured, error) {
	memory := filesys.MakeFsInMemory()
	entries, err := fs.ReadDir(FS, ".")
	if err != nil {
		return nil, fmt.Errorf("render addon manager: %w", err)
	}
	for _, entry := range entries {
		data, err := FS.ReadFile(entry.Name())
		if entry.Name() == "values.yaml" {
			data, err = o.Values()
		}
		if err != nil {
			return nil, fmt.Errorf("render addon manager: %w", err)
		}
		if err := memory.WriteFile("/"+entry.Name(), data); err != nil {
			return nil, fmt.Errorf("render addon manager: %w", err)
		}
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(memory, "/")
	if err != nil {
		return nil, fmt.Errorf("render addon manager: %w", err)
	}
	var objects []*unstructured.Unstructured
	for _, resource := range built.Resources() {
		data, err := resource.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("render addon manager: %w", err)
		}
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(data); err != nil {
			return nil, fmt.Errorf("render addon manager: %w", err)
		}
		objects = append(objects, u)
	}
	source, err := o.source()
	if err != nil {
		return nil, fmt.Errorf("render addon manager: %w", err)
	}
	return slices.Insert(objects, len(objects)-1, source), nil
}

// source is the AddonSource for these options.
func (o Options) source() (*unstructured.Unstructured, error) {
	if o.Source.Type == "" {
		o.Source.Type = api.Push
	}
	spec, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&o.Source)
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetGroupVersionKind(api.GroupVersion().WithKind("AddonSource"))
	u.SetName(api.SourceName)
	return u, nil
}
