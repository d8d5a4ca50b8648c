package build

import (
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/golden"
)

func TestTypicalMistakesAreExplained(t *testing.T) {
	var out strings.Builder
	for _, mistake := range []struct {
		name string
		tree []string
	}{
		{"bad YAML", []string{"a/kustomization.yaml", "resources: [x.yaml]\n", "a/x.yaml", "kind: ConfigMap\nmetadata:\n  name: [\n"}},
		{"bad YAML in the kustomization", []string{"a/kustomization.yaml", "resources:\n- x.yaml\n  - y.yaml\n"}},
		{"a tab", []string{"a/kustomization.yaml", "resources: [x.yaml]\n", "a/x.yaml", "kind: ConfigMap\n\tapiVersion: v1\n"}},
		{"a missing file", []string{"a/kustomization.yaml", "resources:\n- x.yaml\n"}},
		{"a missing generator file", []string{"a/kustomization.yaml", "configMapGenerator:\n- name: x\n  files: [key=x.txt]\n"}},
		{"a missing environment file", []string{"a/kustomization.yaml", "configMapGenerator:\n- name: x\n  envs: [x.env]\n"}},
		{"a missing base", []string{"a/kustomization.yaml", "resources: [../base]\n"}},
		{"a directory without a kustomization", []string{"a/kustomization.yaml", "resources: [sub]\n", "a/sub/x.yaml", configMap("x")}},
		{"another directory's file", []string{"a/kustomization.yaml", "resources: [../b/x.yaml]\n", "b/x.yaml", configMap("x")}},
		{"an object twice", []string{"a/kustomization.yaml", "resources: [x.yaml, y.yaml]\n", "a/x.yaml", configMap("x"), "a/y.yaml", configMap("x")}},
		{"an object twice, in a base", []string{"a/kustomization.yaml", "resources: [x.yaml, ../_b]\n", "a/x.yaml", configMap("x"),
			"_b/kustomization.yaml", "resources: [y.yaml]\n", "_b/y.yaml", configMap("x")}},
		{"a patch without a target", []string{"a/kustomization.yaml",
			"resources: [x.yaml]\npatches:\n- patch: |-\n    {apiVersion: v1, kind: ConfigMap, metadata: {name: other}, data: {k: v}}\n", "a/x.yaml", configMap("x")}},
		{"a JSON patch of nothing", []string{"a/kustomization.yaml",
			"resources: [x.yaml]\npatches:\n- target: {kind: ConfigMap}\n  patch: |-\n    - {op: remove, path: /spec/replicas}\n", "a/x.yaml", configMap("x")}},
		{"a patch that is none", []string{"a/kustomization.yaml", "resources: [x.yaml]\npatches:\n- path: p.yaml\n", "a/x.yaml", configMap("x"), "a/p.yaml", "just text\n"}},
		{"a replacement without a source", []string{"a/kustomization.yaml", "resources: [x.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: other, fieldPath: data.k}\n" +
			"  targets:\n  - select: {name: x}\n    fieldPaths: [data.k]\n", "a/x.yaml", configMap("x")}},
		{"a replacement without its field", []string{"a/kustomization.yaml", "resources: [x.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: x, fieldPath: data.k}\n" +
			"  targets:\n  - select: {name: x}\n    fieldPaths: [data.l]\n", "a/x.yaml", configMap("x")}},
		{"an unknown field", []string{"a/kustomization.yaml", "namespace: kube-system\nresorces: [x.yaml]\n"}},
		{"a word that YAML takes for a boolean", []string{"a/kustomization.yaml", "namespace: n\n"}},
		{"a field of another type", []string{"a/kustomization.yaml", "resources: x.yaml\n"}},
		{"a circle", []string{"a/kustomization.yaml", "resources:\n- ../b\n", "b/kustomization.yaml", "resources:\n- ../a\n"}},
		{"two kustomizations", []string{"a/kustomization.yaml", "resources: []\n", "a/kustomization.yml", "resources: []\n"}},
		{"a remote base", []string{"a/kustomization.yaml", "namespace: x\nresources:\n- https://github.com/a/b//c?ref=v1\n"}},
		{"an absolute path", []string{"a/kustomization.yaml", "resources:\n- /etc/x.yaml\n"}},
		{"a path out of the tree", []string{"a/kustomization.yaml", "resources:\n- ../../x.yaml\n"}},
		{"a Helm chart that is not there", []string{"a/kustomization.yaml", "helmCharts:\n- name: nginx\n  repo: https://example.invalid\n  version: 1.2.3\n"}},
		{"another version of a Helm chart", []string{"a/kustomization.yaml", "helmCharts:\n- name: nginx\n  version: 1.2.3\n", "a/charts/nginx/Chart.yaml", "name: nginx\nversion: 1.2.4\n"}},
		{"an object without a name", []string{"a/kustomization.yaml", "resources: [x.yaml]\n", "a/x.yaml", configMap("x") + "---\napiVersion: v1\nkind: ConfigMap\n"}},
		{"an object without a kind", []string{"a/kustomization.yaml", "resources: [x.yaml]\n", "a/x.yaml", "apiVersion: v1\nmetadata: {name: x}\n"}},
		{"an object without an apiVersion", []string{"a/kustomization.yaml", "resources: [x.yaml]\n", "a/x.yaml", "kind: ConfigMap\nmetadata: {name: x}\n"}},
		{"a generated name", []string{"a/kustomization.yaml", "resources: [x.yaml]\n", "a/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x-}\n"}},
		{"plain text among manifests", []string{"a/x.yaml", configMap("x"), "a/values.yaml", "# values\nreplicas: 3\n"}},
		{"a program", []string{"a/kustomization.yaml", "generators: [g.yaml]\n", "a/g.yaml", "apiVersion: x/v1\nkind: Gen\nmetadata: {name: g}\n"}},
		{"a conflicting tag", []string{"a/kustomization.yaml", "resources: [x.yaml]\nimages:\n- {name: i, newTag: [a]}\n", "a/x.yaml", configMap("x")}},
		{"a component as a resource", []string{"a/kustomization.yaml", "resources: [../c]\n", "c/kustomization.yaml", "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nnamePrefix: x\n"}},
		{"a kustomization as a component", []string{"a/kustomization.yaml", "components: [../_c]\n", "_c/kustomization.yaml", "resources: []\n"}},
	} {
		addons := New().Build(files(mistake.tree...))
		if len(addons) == 0 || addons[0].Err == nil {
			t.Errorf("%s: it was built", mistake.name)
			continue
		}
		text := addons[0].Err.Error()
		if strings.Contains(text, "/tree") || strings.Contains(text, "/build") {
			t.Errorf("%s: the message speaks of our own directories: %s", mistake.name, text)
		}
		out.WriteString(mistake.name + ":\n    " + strings.ReplaceAll(text, "\n", "\n    ") + "\n")
	}
	golden.Check(t, "testdata/mistakes.txt", out.String())
}
