package build

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func configMap(name string) string { return strings.Replace(config, "NAME", name, 1) }

func names(a Addon) map[string]string {
	names := map[string]string{}
	for _, o := range a.Objects {
		names[o.Name] = o.File
	}
	return names
}

func TestADirectoryOfPlainManifestsIsAnAddon(t *testing.T) {
	built := New().Build(files(
		"p/z.yaml", configMap("z"), "p/deep/er/y.yml", "# a comment\n---\n"+configMap("y"),
		"p/j.json", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"j"}}`,
		"p/README.md", "read me", "p/script.sh", "true",
		"p/.github/x.yaml", "on: push", "p/_notes/x.yaml", "a: b", "p/_x.yaml", "a: b",
		"p/sub/kustomization.yaml", "namePrefix: sub-\nresources: [x.yaml]\n", "p/sub/x.yaml", configMap("x"), "p/sub/not-listed.yaml", configMap("no"),
		"p/component/kustomization.yaml", "kind: Component\nresources: [x.yaml]\n", "p/component/x.yaml", configMap("no"),
		"p/chart/Chart.yaml", "name: chart\nversion: 1.0.0\n", "p/chart/templates/x.yaml", "{{ nothing }}",
	))
	if len(built) != 1 || built[0].Err != nil {
		t.Fatalf("%+v", built)
	}
	want := map[string]string{"z": "p/z.yaml", "y": "p/deep/er/y.yml", "j": "p/j.json", "sub-x": "p/sub/x.yaml"}
	if diff := cmp.Diff(want, names(built[0])); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoAddonIsLeftAlone(t *testing.T) {
	tree := files(
		"docs/x.md", "text", "scripts/x.sh", "true", "x.yaml", "a: b", "README.md", "",
		"_lib/kustomization.yaml", "resources: [x.yaml]\n", "_lib/x.yaml", configMap("x"), ".github/workflows/x.yaml", "on: push",
		"bases/one/kustomization.yaml", "resources: [x.yaml]\n", "bases/one/x.yaml", configMap("x"),
		"charts/nginx/Chart.yaml", "name: nginx\n", "charts/nginx/values.yaml", "a: b",
		"c/kustomization.yaml", "kind: Component\n",
	)
	if names := Addons(tree); len(names) > 0 {
		t.Errorf("addons: %v", names)
	}
	if problems := Problems(tree); len(problems) > 0 {
		t.Error(problems)
	}
	if list := New().Build(tree); len(list) > 0 {
		t.Errorf("%+v", list)
	}
}

// Were it none, an addon whose only manifest has a typing error would be taken out of the cluster.
func TestAnyManifestMakesADirectoryAnAddon(t *testing.T) {
	for _, content := range []string{"a: b\n", "kind: [\n", "", "text", "[]", "# kind: ConfigMap\n"} {
		built := New().Build(files("p/x.yaml", content))
		if len(built) != 1 {
			t.Fatalf("%q: %+v", content, built)
		}
		if content != "" && !strings.HasPrefix(content, "#") && (built[0].Err == nil || !strings.Contains(built[0].Err.Error(), "p/x.yaml")) {
			t.Errorf("%q: %v", content, built[0].Err)
		}
	}
}

func TestAnAddonsNameIsALabel(t *testing.T) {
	tree := files("Good/x.yaml", configMap("x"), "bad_name/kustomization.yaml", "resources: []\n", "a.b/x.yaml", configMap("x"),
		strings.Repeat("x", 64)+"/x.yaml", configMap("x"), "good-1/x.yaml", configMap("x"), "../up/x.yaml", configMap("x"))
	if diff := cmp.Diff([]string{"good-1"}, Addons(tree)); diff != "" {
		t.Error(diff)
	}
	if built := New().Build(tree); len(built) != 1 || built[0].Name != "good-1" {
		t.Errorf("%+v", built)
	}
	problems := Problems(tree)
	if len(problems) != 5 {
		t.Errorf("%d problems: %v", len(problems), problems)
	}
	if !slices.ContainsFunc(problems, func(err error) bool { return strings.HasPrefix(err.Error(), "directory bad_name cannot be an addon") }) {
		t.Error(problems)
	}
}

func TestAnImpliedKustomizationIsNoBase(t *testing.T) {
	_, err := One(files("a/kustomization.yaml", "resources: [../p]\n", "p/x.yaml", configMap("x")), "a")
	if err == nil || !strings.Contains(err.Error(), `a/kustomization.yaml:1: "../p"`) {
		t.Error(err)
	}
}
