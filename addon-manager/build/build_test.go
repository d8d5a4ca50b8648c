package build

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\n"

func files(pairs ...string) map[string][]byte {
	tree := map[string][]byte{}
	for i := 0; i < len(pairs); i += 2 {
		tree[pairs[i]] = []byte(pairs[i+1])
	}
	return tree
}

func TestBuildKnowsWhereEachObjectComesFrom(t *testing.T) {
	built := New().Build(files(
		"a/kustomization.yaml", "resources: [one.yaml, sub]\nconfigMapGenerator: [{name: gen, literals: [x=y]}]\n",
		"a/one.yaml", strings.Replace(config, "NAME", "one", 1),
		"a/sub/kustomization.yaml", "resources: [two.yaml]\n",
		"a/sub/two.yaml", strings.Replace(config, "NAME", "two", 1),
	))
	if len(built) != 1 || built[0].Err != nil {
		t.Fatalf("%+v", built)
	}
	got := map[string]string{}
	for _, o := range built[0].Objects {
		got[strings.Split(o.Name, "-")[0]] = o.File
		if strings.Contains(string(o.Data), "annotations") {
			t.Errorf("%s is left with annotations: %s", o.Name, o.Data)
		}
	}
	want := map[string]string{"one": "a/one.yaml", "two": "a/sub/two.yaml", "gen": "a/kustomization.yaml"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyTheTreeIsRead(t *testing.T) {
	for what, kustomization := range map[string]string{
		"an https resource":     "resources: [https://example.invalid/x.yaml]\n",
		"a git resource":        "resources: [git@example.invalid:a/b]\n",
		"a github shorthand":    "resources: [github.com/a/b?ref=c]\n",
		"a remote component":    "components: [https://example.invalid/c]\n",
		"a remote base":         "bases: [https://example.invalid/b]\n",
		"a remote crd":          "crds: [https://example.invalid/b]\n",
		"a remote transformer":  "transformers: [https://example.invalid/b]\n",
		"a climbing resource":   "resources: [../../etc/passwd]\n",
		"an absolute resource":  "resources: [/etc/passwd]\n",
		"a climbing generator":  "configMapGenerator: [{name: x, files: [../../../../etc/passwd]}]\n",
		"an absolute generator": "configMapGenerator: [{name: x, files: [/etc/passwd]}]\n",
		"another addon's file":  "configMapGenerator: [{name: x, files: [../b/secret.txt]}]\n",
		"a Helm chart":          "helmCharts: [{name: x, repo: https://example.invalid}]\n",
		"a remote patch":        "patches: [{path: https://example.invalid/p.yaml}]\n",
		"a remote replacement":  "replacements: [{path: https://example.invalid/r.yaml}]\n",
		"an exec plugin":        "generators: [p.yaml]\n",
		"a remote generator":    "generators: [https://example.invalid/g.yaml]\n",
		"a remote file":         "configMapGenerator: [{name: x, files: [https://example.invalid/f]}]\n",
		"a remote named file":   "secretGenerator: [{name: x, files: [key=https://example.invalid/f]}]\n",
		"a remote environment":  "configMapGenerator: [{name: x, envs: [https://example.invalid/f]}]\n",
		"an old environment":    "configMapGenerator: [{name: x, env: https://example.invalid/f}]\n",
		"a climbing env":        "configMapGenerator: [{name: x, envs: [../b/secret.txt]}]\n",
		"a remote schema":       "openapi: {path: https://example.invalid/f}\n",
		"a remote config":       "configurations: [https://example.invalid/f]\n",
		"a remote old patch":    "patchesStrategicMerge: [https://example.invalid/f]\n",
		"a remote JSON patch":   "patchesJson6902: [{path: https://example.invalid/f, target: {version: v1, kind: C, name: x}}]\n",
		"a climbing patch":      "patches: [{path: ../b/secret.txt}]\n",
		"a remote validator":    "validators: [ssh://git@example.invalid/f]\n",
		"a plugin's remote":     "transformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: x}\n  path: https://example.invalid/p\n",
		"a plugin's file":       "transformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: x}\n  path: ../b/secret.txt\n",
		"a plugin's replacement": "transformers:\n- |-\n  apiVersion: builtin\n  kind: ReplacementTransformer\n  metadata: {name: x}\n" +
			"  replacements: [{path: https://example.invalid/p}]\n",
		"an inline program":    "transformers:\n- |-\n  apiVersion: x/v1\n  kind: P\n  metadata: {name: p, annotations: {config.kubernetes.io/function: 'container: {image: x}'}}\n",
		"an old Helm chart":    "helmChartInflationGenerator: [{chartName: x, chartRepoUrl: https://example.invalid}]\n",
		"a Helm plugin":        "generators:\n- |-\n  apiVersion: builtin\n  kind: HelmChartInflationGenerator\n  metadata: {name: x}\n  name: x\n",
		"a climbing Helm home": "helmGlobals: {chartHome: ../../x}\nhelmCharts: [{name: x}]\n",
		"a climbing chart":     "helmCharts: [{name: ../../x}]\n",
	} {
		t.Run(what, func(t *testing.T) {
			built := New().Build(files("a/kustomization.yaml", kustomization, "b/secret.txt", "secret",
				"a/p.yaml", "apiVersion: x/v1\nkind: P\nmetadata: {name: p, annotations: {config.kubernetes.io/function: 'exec: {path: /bin/sh}'}}\n"))
			if built[0].Err == nil {
				t.Fatalf("it was built: %v", built[0].Objects)
			}
			if !strings.Contains(built[0].Err.Error(), "build addon a: ") {
				t.Errorf("the error does not name the addon: %v", built[0].Err)
			}
			t.Log(built[0].Err)
		})
	}
}

func TestABrokenAddonNamesItsFileAndLine(t *testing.T) {
	built := New().Build(files(
		"bad/kustomization.yaml", "resources: [x.yaml]\n", "bad/x.yaml", "a: 1\nb: [\n",
		"odd/kustomization.yaml", "resorces: []\n",
		"good/kustomization.yaml", "resources: [x.yaml]\n", "good/x.yaml", config,
		"none/kustomization.yaml", "resources: [x.yaml]\n", "none/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x-}\n",
	))
	for i, want := range []string{"bad/x.yaml:2: ", "", "metadata.name", "resorces"} {
		switch err := built[i].Err; {
		case want == "" && err != nil:
			t.Errorf("%s: %v", built[i].Name, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: error %v does not contain %q", built[i].Name, err, want)
		}
	}
}

func TestOnlyWhatChangedIsBuilt(t *testing.T) {
	tree := files(
		"cluster/kustomization.yaml", "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n",
		"a/kustomization.yaml", "components: [../cluster]\nresources: [x.yaml]\n", "a/x.yaml", config,
		"b/kustomization.yaml", "resources: [x.yaml]\n", "b/x.yaml", config,
	)
	b := New()
	first := b.Build(tree)
	hashes := func(list []Addon) map[string]string {
		m := map[string]string{}
		for _, a := range list {
			m[a.Name] = a.Hash
		}
		return m
	}
	if _, component := hashes(first)["cluster"]; component || len(first) != 2 {
		t.Fatalf("addons: %v", hashes(first))
	}
	tree["cluster/values.yaml"] = []byte("x: y\n")
	second := b.Build(tree)
	if hashes(first)["a"] == hashes(second)["a"] {
		t.Error("a's hash does not cover the component that it uses")
	}
	if hashes(first)["b"] != hashes(second)["b"] || &first[1].Objects[0] != &second[1].Objects[0] {
		t.Error("b was built again")
	}
}

func TestTheNetworkWaveIsAnAnnotation(t *testing.T) {
	built := New().Build(files("n/kustomization.yaml", "metadata: {annotations: {turnup.dev/wave: network}}\nresources: [x.yaml]\n", "n/x.yaml", config))
	if !built[0].Network {
		t.Error("it is not in the network wave")
	}
}

func TestABrokenAddonIsNotBuiltAgain(t *testing.T) {
	tree := files("a/kustomization.yaml", "resources: [x.yaml]\n", "a/x.yaml", "kind: [\n")
	b := New()
	first, second := b.Build(tree)[0], b.Build(tree)[0]
	if first.Err == nil || first.Err != second.Err { //nolint:errorlint // the very same one
		t.Errorf("%v, %v", first.Err, second.Err)
	}
	tree["a/x.yaml"] = []byte(config)
	if third := b.Build(tree)[0]; third.Err != nil || first.Hash == third.Hash {
		t.Errorf("%+v", third)
	}
}

func TestHashesAreThoseOfTheBuild(t *testing.T) {
	tree := forest(3, 0)
	maps.Copy(tree, files("plain/x.yaml", config, "broken/kustomization.yaml", "resources: [none.yaml]\n", "worse/kustomization.yaml", "a: ["))
	hashes := Hashes(tree)
	for _, addon := range New().Build(tree) {
		if addon.Hash == "" || hashes[addon.Name] != addon.Hash {
			t.Errorf("%s: %q, %q", addon.Name, hashes[addon.Name], addon.Hash)
		}
		delete(hashes, addon.Name)
	}
	if len(hashes) > 0 {
		t.Errorf("more hashes than addons: %v", hashes)
	}
}

// FuzzTree builds whatever set of files: it ends, names no object's file outside of the
// set, and panics nowhere. Files are given as name, NUL, content, NUL, and so on.
func FuzzTree(f *testing.F) {
	f.Add("a/kustomization.yaml\x00resources: [x.yaml, ../b]\n\x00a/x.yaml\x00" + config + "\x00b/kustomization.yaml\x00resources: [y.json]\n\x00b/y.json\x00{}")
	f.Add("p/x.yaml\x00" + config + "\x00p/sub/kustomization.yaml\x00kind: Component\n\x00../x.yaml\x00kind: X\n\x00/etc\x00\x00p\x00\x00")
	f.Add("a/kustomization.yaml\x00helmCharts: [{name: c, valuesFile: ../v}]\n\x00a/charts/c/Chart.yaml\x00name: c\nversion: 1.0.0\n\x00a/charts/c/templates/x.yaml\x00{{ .Values }}")
	f.Add("a/kustomization.yaml\x00transformers: [t]\n\x00a/t/kustomization.yaml\x00resources: [../../a]\n")
	f.Fuzz(func(t *testing.T, text string) {
		parts := strings.Split(text, "\x00")
		tree := files(parts[:len(parts)/2*2]...)
		Problems(tree)
		for _, addon := range New().Build(tree) {
			if addon.Err != nil && strings.Contains(addon.Err.Error(), "gave up") {
				t.Log(addon.Err)
			}
			for _, o := range addon.Objects {
				if _, ok := tree[o.File]; !ok && o.File != "" {
					t.Errorf("%s comes from %q, which is no file of the tree", o.Ref, o.File)
				}
			}
		}
	})
}

func FuzzBuild(f *testing.F) {
	f.Add("resources: [x.yaml]\n", config)
	f.Add("patches: [{patch: '- op: remove\\n  path: /data', target: {kind: ConfigMap}}]\nresources: [x.yaml]\n", config)
	f.Fuzz(func(_ *testing.T, kustomization, object string) {
		// Whatever is in the tree, a build ends, with objects or an error.
		New().Build(files("a/kustomization.yaml", kustomization, "a/x.yaml", object))
	})
}
