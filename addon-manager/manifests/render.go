// Package manifests is the addon manager's own installation.
package manifests

import (
	"embed"
	"fmt"
	"io/fs"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
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
}

// Values returns values.yaml for these options.
func (o Options) Values() ([]byte, error) {
	if o.Interval == 0 {
		o.Interval = time.Minute
	}
	return yaml.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{
			"name": "manager-values", "annotations": map[string]string{"config.kubernetes.io/local-config": "true"},
		},
		"data": map[string]string{
			"image": o.Image, "api_host": o.APIHost, "api_port": o.APIPort, "interval": o.Interval.String(),
		},
	})
}

// Render returns the manager's objects, in the order of applying: namespace,
// definition, rights, Deployment.
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
	return objects, nil
}
