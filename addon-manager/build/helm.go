package build

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// inflated begins the name of the directory, below a kustomization, in which
// kustomize finds what a Helm chart prints; a number follows.
const inflated = ".helm-"

// charts are a kustomization's Helm charts, and the directory that they are in.
func (k kustomization) charts(dir string) ([]types.HelmChart, string) {
	home := types.HelmDefaultHome
	charts := slices.Clone(k.HelmCharts)
	if k.HelmGlobals != nil && k.HelmGlobals.ChartHome != "" {
		home = k.HelmGlobals.ChartHome
	}
	old, globals := types.SplitHelmParameters(k.HelmChartInflationGenerator)
	if globals.ChartHome != "" {
		home = globals.ChartHome
	}
	if path.IsAbs(home) {
		return append(charts, old...), home
	}
	return append(charts, old...), path.Join(dir, home)
}

// vendored checks that a kustomization's Helm charts are in the tree.
func (w walk) vendored(dir string) error {
	charts, home := w.kustomizations[dir].charts(dir)
	for _, chart := range charts {
		if path.IsAbs(home) || home == ".." || strings.HasPrefix(home, "../") {
			return fmt.Errorf("%s: helmGlobals.chartHome leads out of the addon tree", w.place(dir, "chartHome:"))
		}
		found, err := w.chart(dir, home, chart)
		if err != nil {
			return err
		}
		w.charts[found] = true
		for _, file := range append(slices.Clone(chart.AdditionalValuesFiles), chart.ValuesFile) {
			if file == "" {
				continue
			}
			// The values that the chart brings may be named too.
			if target := path.Join(dir, file); strings.HasPrefix(target, found+"/") && w.files[target] != nil {
				continue
			}
			if err := w.load(dir, file); err != nil {
				return err
			}
		}
	}
	return nil
}

// chart finds the directory of one chart, where `kustomize build --enable-helm`
// would find it or put it.
func (t tree) chart(dir, home string, chart types.HelmChart) (string, error) {
	where := t.place(dir, "name: "+chart.Name)
	if chart.Name == "" || strings.ContainsAny(chart.Name, "/\\") || chart.Name == ".." {
		return "", fmt.Errorf("%s: %q is no name of a Helm chart", t.place(dir, "helmChart"), chart.Name)
	}
	candidates := []string{path.Join(home, chart.Name)}
	if chart.Version != "" {
		candidates = append([]string{path.Join(home, chart.Name+"-"+chart.Version, chart.Name)}, candidates...)
	}
	for _, candidate := range candidates {
		data, ok := t.files[candidate+"/Chart.yaml"]
		if !ok {
			continue
		}
		var about struct {
			Version string `json:"version"`
		}
		if err := yaml.Unmarshal(data, &about); err != nil {
			return "", syntax(candidate+"/Chart.yaml", err)
		}
		if chart.Version != "" && chart.Version != about.Version {
			return "", fmt.Errorf("%s: version %s of Helm chart %s is asked for, and %s is in the addon tree (%s)",
				where, chart.Version, chart.Name, about.Version, candidate+"/Chart.yaml")
		}
		return candidate, nil
	}
	return "", fmt.Errorf("%s: Helm chart %s is not in the addon tree, and nothing is fetched: run `helm pull --untar --untardir %s` and commit it",
		where, chart.Name, home)
}

// inflate renders a kustomization's charts beside it, and puts resources into
// it in their place.
func (t tree) inflate(dir string, write map[string][]byte) error {
	k := t.kustomizations[dir]
	charts, home := k.charts(dir)
	if len(charts) == 0 {
		return nil
	}
	var content map[string]any
	if err := yaml.Unmarshal(t.files[k.file], &content); err != nil {
		return syntax(k.file, err)
	}
	resources, _ := content["resources"].([]any)
	for i, chart := range charts {
		found, err := t.chart(dir, home, chart)
		if err != nil {
			return err
		}
		printed, err := t.render(dir, found, chart)
		if err != nil {
			return fmt.Errorf("%s: Helm chart %s: %w", t.place(dir, "name: "+chart.Name), chart.Name, err)
		}
		for _, file := range slices.Sorted(maps.Keys(printed)) {
			place := path.Join(inflated+strconv.Itoa(i), file)
			write["/tree/"+dir+"/"+place] = printed[file]
			resources = append(resources, place)
		}
	}
	content["resources"] = resources
	for _, field := range []string{"helmCharts", "helmGlobals", "helmChartInflationGenerator"} {
		delete(content, field)
	}
	data, err := yaml.Marshal(content)
	write["/tree/"+k.file] = data
	return err
}
