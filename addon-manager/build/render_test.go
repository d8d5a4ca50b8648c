package build

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// nginx is a chart with a chart within it, a hook of each sort, and a definition.
func nginx() map[string][]byte {
	return files(
		"a/charts/nginx/Chart.yaml", "apiVersion: v2\nname: nginx\nversion: 1.2.3\nkubeVersion: \">=1.25.0\"\ndependencies:\n- {name: inner, version: 0.1.0, condition: inner.enabled}\n",
		"a/charts/nginx/values.yaml", "replicas: 1\ninner: {enabled: true, text: of the parent}\ndeep: {a: 1, b: 2}\n",
		"a/charts/nginx/templates/_names.tpl", `{{ define "name" }}{{ .Release.Name }}-nginx{{ end }}`,
		"a/charts/nginx/templates/NOTES.txt", "read me",
		"a/charts/nginx/templates/d.yaml", "# a comment\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ include \"name\" . }}, namespace: {{ .Release.Namespace }}}\n"+
			"data: {replicas: \"{{ .Values.replicas }}\", deep: '{{ toJson .Values.deep }}', kube: {{ .Capabilities.KubeVersion.Version }}, "+
			"api: \"{{ .Capabilities.APIVersions.Has \"example.com/v1\" }}\", lookup: '{{ lookup \"v1\" \"Secret\" \"n\" \"x\" | toJson }}', install: \"{{ .Release.IsInstall }}\"}\n---\n",
		"a/charts/nginx/templates/hooks.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: before, annotations: {helm.sh/hook: pre-install}}\n---\n"+
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wipe, annotations: {helm.sh/hook: pre-delete}}\n---\n"+
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: test, annotations: {helm.sh/hook: test}}\n",
		"a/charts/nginx/templates/empty.yaml", "{{ if .Values.none }}\nkind: X\n{{ end }}\n# nothing\n",
		"a/charts/nginx/crds/c.yaml", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\n",
		"a/charts/nginx/charts/inner/Chart.yaml", "apiVersion: v2\nname: inner\nversion: 0.1.0\n",
		"a/charts/nginx/charts/inner/values.yaml", "text: its own\n",
		"a/charts/nginx/charts/inner/templates/c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: inner}\ndata: {text: {{ .Values.text }}}\n",
	)
}

func inflatedBy(t *testing.T, fields string, more ...string) (Addon, string, error) {
	t.Helper()
	tree := nginx()
	maps.Copy(tree, files("a/kustomization.yaml", "helmCharts:\n- name: nginx\n"+fields))
	maps.Copy(tree, files(more...))
	addon, err := One(tree, "a")
	var all strings.Builder
	for _, o := range addon.Objects {
		all.Write(o.Data)
	}
	return addon, all.String(), err
}

func TestAVendoredChartIsRendered(t *testing.T) {
	addon, all, err := inflatedBy(t, "  releaseName: web\n  namespace: kube-system\n  includeCRDs: true\nnamePrefix: x-\n")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"x-web-nginx": "a/charts/nginx/templates/d.yaml", "x-before": "a/charts/nginx/templates/hooks.yaml",
		"x-inner": "a/charts/nginx/charts/inner/templates/c.yaml", "widgets.example.com": "a/charts/nginx/crds/c.yaml",
	}
	if diff := cmp.Diff(want, names(addon)); diff != "" {
		t.Error(diff)
	}
	for _, part := range []string{`"namespace":"kube-system"`, `"replicas":"1"`, `"text":"of the parent"`, `"kube":"v1.37.1"`, `"lookup":"{}"`, `"install":"true"`, `"api":"false"`} {
		if !strings.Contains(all, part) {
			t.Errorf("%s is not in %s", part, all)
		}
	}
	_, again, _ := inflatedBy(t, "  releaseName: web\n  namespace: kube-system\n  includeCRDs: true\nnamePrefix: x-\n")
	if all != again {
		t.Error("it is not the same twice")
	}
}

func TestTheFieldsOfAChartAreHonoured(t *testing.T) {
	for what, tc := range map[string]struct {
		fields    string
		has, lack string
	}{
		"nothing":                {"", `"name":"nginx-nginx"`, `CustomResourceDefinition`},
		"valuesFile":             {"  valuesFile: v.yaml\n", `"replicas":"2"`, `"replicas":"1"`},
		"the chart's valuesFile": {"  valuesFile: charts/nginx/values.yaml\n", `"replicas":"1"`, "wipe"},
		"additionalValuesFiles":  {"  valuesFile: v.yaml\n  valuesInline: {replicas: 4}\n  additionalValuesFiles: [w.yaml]\n", `"replicas":"3"`, `"replicas":"2"`},
		"valuesInline":           {"  valuesFile: v.yaml\n  valuesInline: {replicas: 4, deep: {b: 5}}\n", `{\"a\":1,\"b\":5}`, `"replicas":"2"`},
		"a null takes away":      {"  valuesInline: {deep: {b: null}}\n", `{\"a\":1}`, `\"b\"`},
		"merge":                  {"  valuesFile: v.yaml\n  valuesMerge: merge\n  valuesInline: {replicas: 4}\n", `"replicas":"2"`, `"replicas":"4"`},
		"replace":                {"  valuesFile: v.yaml\n  valuesMerge: replace\n  valuesInline: {deep: {c: 6}}\n", `"replicas":"1"`, `"replicas":"2"`},
		"a chart within, off":    {"  valuesInline: {inner: {enabled: false}}\n", "nginx", `"name":"inner"`},
		"skipHooks":              {"  skipHooks: true\n", "nginx", `"name":"before"`},
		"skipTests":              {"  skipTests: true\n", `"name":"before"`, `"name":"test"`},
		"kubeVersion":            {"  kubeVersion: 1.30.2\n", `"kube":"v1.30.2"`, "v1.37.1"},
		"apiVersions":            {"  apiVersions: [example.com/v1]\n", `"api":"true"`, "wipe"},
		"the version":            {"  version: 1.2.3\n  repo: https://example.invalid\n", "nginx", "wipe"},
		"twice":                  {"  releaseName: one\n- name: nginx\n  releaseName: two\n  skipHooks: true\n  valuesInline: {inner: {enabled: false}}\n", `"name":"two-nginx"`, "wipe"},
		"an overlay's patch":     {"patches:\n- patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: inner}, data: {text: patched}}'\n", `"text":"patched"`, "of the parent"},
	} {
		t.Run(what, func(t *testing.T) {
			_, all, err := inflatedBy(t, tc.fields, "a/v.yaml", "replicas: 2\n", "a/w.yaml", "replicas: 3\n")
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(all, tc.has) || strings.Contains(all, tc.lack) {
				t.Errorf("want %s and not %s in %s", tc.has, tc.lack, all)
			}
		})
	}
}

func TestAChartThatCannotBeRenderedSaysWhy(t *testing.T) {
	for what, tc := range map[string]struct {
		fields string
		more   []string
		want   string
	}{
		"a missing chart within": {"", []string{"a/charts/nginx/Chart.yaml", "name: nginx\nversion: 1.2.3\napiVersion: v2\ndependencies: [{name: absent, version: 1.0.0}]\n"},
			"chart nginx depends on chart absent"},
		"another version":        {"  version: 9.9.9\n", nil, "version 9.9.9 of Helm chart nginx is asked for, and 1.2.3"},
		"an old cluster":         {"  kubeVersion: 1.20.0\n", nil, "wants Kubernetes >=1.25.0"},
		"a failing template":     {"", []string{"a/charts/nginx/templates/f.yaml", "{{ fail \"give a name\" }}"}, "give a name"},
		"a missing function":     {"", []string{"a/charts/nginx/templates/f.yaml", "\n{{ nothing }}"}, "nginx/templates/f.yaml:2"},
		"no YAML":                {"", []string{"a/charts/nginx/templates/f.yaml", "a: [\n"}, "a/charts/nginx/templates/f.yaml prints no YAML"},
		"a text":                 {"", []string{"a/charts/nginx/templates/f.yaml", "text\n"}, "a/charts/nginx/templates/f.yaml"},
		"values out of schema":   {"", []string{"a/charts/nginx/values.schema.json", `{"properties":{"replicas":{"type":"string"}}}`}, "schema"},
		"a schema from afar":     {"", []string{"a/charts/nginx/values.schema.json", `{"\u0024ref":"https://example.invalid/s.json"}`}, "nothing is fetched"},
		"a schema from a file":   {"", []string{"a/charts/nginx/values.schema.json", `{"$ref":"/etc/passwd"}`}, "nothing is fetched"},
		"values from elsewhere":  {"  valuesFile: ../b/v.yaml\n", []string{"b/v.yaml", "replicas: 9\n"}, "is not below a"},
		"values out of the tree": {"  valuesFile: ../../v.yaml\n", nil, "leads out of the addon tree"},
		"remote values":          {"  additionalValuesFiles: [https://example.invalid/v.yaml]\n", nil, "nothing is fetched"},
		"an unknown merge":       {"  valuesMerge: mix\n", nil, `valuesMerge is "mix"`},
		"a name by template":     {"  nameTemplate: x\n", nil, "give a releaseName"},
		"a bad release name":     {"  releaseName: Not_One\n", nil, "releaseName"},
		"bad values":             {"  valuesFile: v.yaml\n", []string{"a/v.yaml", "a: [\n"}, "a/v.yaml:"},
	} {
		t.Run(what, func(t *testing.T) {
			_, _, err := inflatedBy(t, tc.fields, tc.more...)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "build addon a: ") {
				t.Errorf("%v", err)
			}
			t.Log(err)
		})
	}
}

func TestAChartsFilesAreOfTheHash(t *testing.T) {
	tree := nginx()
	maps.Copy(tree, files("b/kustomization.yaml", "helmGlobals: {chartHome: ../a/charts}\nhelmCharts: [{name: nginx}]\n"))
	before := Hashes(tree)["b"]
	tree["a/charts/nginx/templates/_names.tpl"] = []byte(`{{ define "name" }}changed{{ end }}`)
	if Hashes(tree)["b"] == before {
		t.Error("a change of the chart is not seen")
	}
	addon, err := One(tree, "b")
	if err != nil || names(addon)["changed"] != "a/charts/nginx/templates/d.yaml" {
		t.Errorf("%v, %v", names(addon), err)
	}
}
