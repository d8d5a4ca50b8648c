package build

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/internal/images"
)

// kubeVersion is what charts take the cluster for, where a kustomization says nothing.
func kubeVersion() string { return images.KubernetesVersion(images.Newest()) }

// render prints a Helm chart's objects, by the file of the tree they come from.
// It is `helm template`: nothing is asked of a cluster, and `lookup` finds nothing.
func (t tree) render(dir, found string, spec types.HelmChart) (map[string][]byte, error) {
	if spec.NameTemplate != "" {
		return nil, errors.New("nameTemplate is not possible; give a releaseName")
	}
	c, err := t.load(found)
	if err != nil {
		return nil, err
	}
	values, err := t.values(dir, c, spec)
	if err != nil {
		return nil, err
	}
	capabilities := chartutil.DefaultCapabilities.Copy()
	version := spec.KubeVersion
	if version == "" {
		version = kubeVersion()
	}
	kube, err := chartutil.ParseKubeVersion(version)
	if err != nil {
		return nil, fmt.Errorf("kubeVersion %q: %w", version, err)
	}
	capabilities.KubeVersion = *kube
	capabilities.APIVersions = append(slices.Clone(capabilities.APIVersions), spec.ApiVersions...)
	if wants := c.Metadata.KubeVersion; wants != "" && !chartutil.IsCompatibleRange(wants, kube.Version) {
		return nil, fmt.Errorf("the chart wants Kubernetes %s, which %s is not (kubeVersion says what it is taken for)", wants, kube.Version)
	}
	if err := chartutil.ProcessDependencies(c, values); err != nil {
		return nil, err
	}
	release := chartutil.ReleaseOptions{Name: spec.ReleaseName, Namespace: spec.Namespace, Revision: 1, IsInstall: true}
	if release.Name == "" {
		release.Name = spec.Name
	}
	if release.Namespace == "" {
		release.Namespace = "default"
	}
	if err := chartutil.ValidateReleaseName(release.Name); err != nil {
		return nil, fmt.Errorf("releaseName %q: %w", release.Name, err)
	}
	all, err := chartutil.ToRenderValues(c, values, release, capabilities)
	if err != nil {
		return nil, err
	}
	printed, err := engine.Render(c, all)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for name, text := range printed {
		if base := path.Base(name); strings.HasPrefix(base, "_") || base == "NOTES.txt" {
			continue
		}
		// Names begin with the chart's.
		_, within, _ := strings.Cut(name, "/")
		kept, err := objects(path.Join(found, within), text, spec.SkipHooks)
		if err != nil {
			return nil, err
		}
		if kept != "" {
			files[path.Join(found, within)] = []byte(kept)
		}
	}
	if spec.IncludeCRDs {
		for _, crd := range c.CRDObjects() {
			_, within, _ := strings.Cut(path.Clean(crd.Filename), "/")
			files[path.Join(found, within)] = crd.File.Data
		}
	}
	return files, nil
}

// load reads a chart and the charts within it, none of which may be missing.
func (t tree) load(found string) (*chart.Chart, error) {
	var files []*loader.BufferedFile
	for _, name := range t.below(found) {
		files = append(files, &loader.BufferedFile{Name: strings.TrimPrefix(name, found+"/"), Data: t.files[name]})
	}
	c, err := loader.LoadFiles(files)
	if err != nil {
		return nil, err
	}
	return c, whole(c)
}

func whole(c *chart.Chart) error {
	if err := closed(c.Name(), c.Schema); err != nil {
		return err
	}
	var have []string
	for _, inner := range c.Dependencies() {
		have = append(have, inner.Name())
		if err := whole(inner); err != nil {
			return err
		}
	}
	for _, needed := range c.Metadata.Dependencies {
		if !slices.Contains(have, needed.Name) {
			return fmt.Errorf("chart %s depends on chart %s, which is not in its directory charts: run `helm dependency build` and commit it", c.Name(), needed.Name)
		}
	}
	return nil
}

// closed refuses a schema of values that refers to other files or the network:
// Helm would read them.
func closed(name string, schema []byte) error {
	if len(schema) == 0 {
		return nil
	}
	var content any
	if err := json.Unmarshal(schema, &content); err != nil {
		return fmt.Errorf("values.schema.json of chart %s: %w", name, err)
	}
	var check func(any) error
	check = func(value any) error {
		switch value := value.(type) {
		case map[string]any:
			for key, inner := range value {
				text, _ := inner.(string)
				reference := strings.HasPrefix(key, "$") && strings.HasSuffix(strings.ToLower(key), "ref")
				known := strings.HasPrefix(text, "http://json-schema.org/") || strings.HasPrefix(text, "https://json-schema.org/")
				if reference && text != "" && !strings.HasPrefix(text, "#") || key == "$schema" && text != "" && !known {
					return fmt.Errorf("values.schema.json of chart %s refers to %q: nothing is fetched", name, text)
				}
				if err := check(inner); err != nil {
					return err
				}
			}
		case []any:
			for _, inner := range value {
				if err := check(inner); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return check(content)
}

// values joins the values as kustomize does: a file in the place of the chart's,
// what the kustomization says inline, then more files.
func (t tree) values(dir string, c *chart.Chart, spec types.HelmChart) (map[string]any, error) {
	base := c.Values
	if spec.ValuesFile != "" {
		var err error
		if base, err = t.read(path.Join(dir, spec.ValuesFile)); err != nil {
			return nil, err
		}
	}
	all := base
	switch spec.ValuesMerge {
	case "", "override":
		all = over(base, spec.ValuesInline)
	case "merge":
		all = over(spec.ValuesInline, base)
	case "replace":
		if len(spec.ValuesInline) > 0 {
			all = spec.ValuesInline
		}
	default:
		return nil, fmt.Errorf("valuesMerge is %q; it may be merge, override or replace", spec.ValuesMerge)
	}
	for _, file := range spec.AdditionalValuesFiles {
		more, err := t.read(path.Join(dir, file))
		if err != nil {
			return nil, err
		}
		all = over(all, more)
	}
	return over(all, nil), nil
}

func (t tree) read(file string) (map[string]any, error) {
	values := map[string]any{}
	if err := yaml.Unmarshal(t.files[file], &values); err != nil {
		return nil, syntax(file, err)
	}
	return values, nil
}

// over lays one map of values over another. A null stays, since it takes a
// chart's own value away.
func over(base, top map[string]any) map[string]any {
	all := map[string]any{}
	for key, value := range base {
		if inner, ok := value.(map[string]any); ok {
			value = over(inner, nil)
		}
		all[key] = value
	}
	for key, value := range top {
		inner, isMap := value.(map[string]any)
		if below, ok := all[key].(map[string]any); ok && isMap {
			value = over(below, inner)
		}
		all[key] = value
	}
	return all
}

// objects takes out of a printed file what is not for the cluster.
func objects(file, text string, skipHooks bool) (string, error) {
	var kept []string
	for i, document := range documents(text) {
		node, err := kyaml.Parse(document)
		if errors.Is(err, io.EOF) {
			continue // Nothing but comments.
		}
		if err != nil {
			return "", fmt.Errorf("%s prints no YAML (document %d): %w", file, i+1, err)
		}
		if empty(node.YNode()) || dropped(node.GetAnnotations()["helm.sh/hook"], skipHooks) {
			continue
		}
		if err := named(file, node, 1); err != nil {
			return "", err
		}
		kept = append(kept, document)
	}
	return strings.Join(kept, "\n---\n"), nil
}

// documents splits YAML at its lines of three dashes.
func documents(text string) []string {
	var list []string
	var document []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "---") && strings.TrimSpace(line[3:]) == "" {
			list = append(list, strings.Join(document, ""))
			document = nil
			continue
		}
		document = append(document, line)
	}
	list = append(list, strings.Join(document, ""))
	return slices.DeleteFunc(list, func(document string) bool { return strings.TrimSpace(document) == "" })
}

// dropped tells whether an object is a hook that must not be in the cluster.
// Those of installing and upgrading are objects like others, as `kustomize build
// --enable-helm` has it; those of deleting, rolling back and testing would do
// just that.
func dropped(hook string, skip bool) bool {
	if hook == "" {
		return false
	}
	for name := range strings.SplitSeq(hook, ",") {
		switch strings.TrimSpace(name) {
		case "pre-install", "post-install", "pre-upgrade", "post-upgrade", "crd-install":
			return skip
		}
	}
	return true
}
