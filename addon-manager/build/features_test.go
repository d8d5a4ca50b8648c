package build

import (
	"encoding/json"
	"strings"
	"testing"
)

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  replicas: 1
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
      - {name: app, image: "registry.example/app:1", envFrom: [{configMapRef: {name: settings}}]}
`

func TestKustomizesFeaturesWork(t *testing.T) {
	for what, tc := range map[string]struct {
		tree []string
		// want are parts of the objects' JSON.
		want []string
	}{
		"components and replacements": {[]string{
			"a/kustomization.yaml", "components: [../cluster]\nresources: [d.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: values, fieldPath: data.replicas}\n" +
				"  targets: [{select: {kind: Deployment}, fieldPaths: [spec.replicas]}]\n", "a/d.yaml", deployment,
			"cluster/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [v.yaml]\n",
			"cluster/v.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: values, annotations: {config.kubernetes.io/local-config: \"true\"}}\ndata: {replicas: \"7\"}\n",
		}, []string{`"replicas":7`}},
		"replacements in a file": {[]string{
			"a/kustomization.yaml", "resources: [d.yaml]\nreplacements: [{path: r.yaml}]\n", "a/d.yaml", deployment,
			"a/r.yaml", "source: {kind: Deployment, fieldPath: metadata.name}\ntargets: [{select: {kind: Deployment}, fieldPaths: [\"spec.template.spec.containers.[name=app].image\"]}]\n",
		}, []string{`"image":"app"`}},
		"generators": {[]string{
			"a/kustomization.yaml", "resources: [d.yaml]\nconfigMapGenerator:\n- {name: settings, files: [f.txt, key=f.txt], envs: [e.env], literals: [l=m]}\n" +
				"secretGenerator:\n- {name: secret, literals: [p=q], options: {disableNameSuffixHash: true}}\n",
			"a/d.yaml", deployment, "a/f.txt", "text", "a/e.env", "E=F\n",
		}, []string{`"configMapRef":{"name":"settings-`, `"E":"F"`, `"key":"text"`, `"kind":"Secret"`, `"p":"cQ=="`}},
		"patches": {[]string{
			"a/kustomization.yaml", "resources: [d.yaml]\npatches:\n- path: p.yaml\n- target: {kind: Deployment}\n  patch: |-\n    - {op: add, path: /spec/paused, value: true}\n",
			"a/d.yaml", deployment, "a/p.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app}\nspec: {replicas: 3}\n",
		}, []string{`"replicas":3`, `"paused":true`}},
		"old patches": {[]string{
			"a/kustomization.yaml", "resources: [d.yaml]\npatchesStrategicMerge:\n- p.yaml\n- |-\n  {apiVersion: apps/v1, kind: Deployment, metadata: {name: app}, spec: {paused: true}}\n",
			"a/d.yaml", deployment, "a/p.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app}\nspec: {replicas: 3}\n",
		}, []string{`"replicas":3`, `"paused":true`}},
		"images, names, namespaces, labels, replicas": {[]string{
			"a/kustomization.yaml", "resources: [d.yaml]\nnamePrefix: x-\nnameSuffix: -y\nnamespace: space\nimages: [{name: registry.example/app, newTag: \"2\"}]\n" +
				"replicas: [{name: app, count: 4}]\nlabels: [{pairs: {team: t}}]\ncommonAnnotations: {note: said}\n", "a/d.yaml", deployment,
		}, []string{`"name":"x-app-y"`, `"namespace":"space"`, `"image":"registry.example/app:2"`, `"replicas":4`, `"team":"t"`, `"note":"said"`}},
		"a base of another addon": {[]string{
			"a/kustomization.yaml", "resources: [../_base]\nnamePrefix: a-\n", "_base/kustomization.yaml", "resources: [sub]\n",
			"_base/sub/kustomization.yaml", "resources: [d.yaml]\n", "_base/sub/d.yaml", deployment,
		}, []string{`"name":"a-app"`}},
		"a built-in transformer in a file": {[]string{
			"a/kustomization.yaml", "resources: [d.yaml]\ntransformers: [t.yaml, t]\n", "a/d.yaml", deployment,
			"a/t.yaml", "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: t}\nprefix: t-\nfieldSpecs: [{path: metadata/name}]\n",
			"a/t/kustomization.yaml", "resources: [n.yaml]\n",
			"a/t/n.yaml", "apiVersion: builtin\nkind: SuffixTransformer\nmetadata: {name: t}\nsuffix: -u\nfieldSpecs: [{path: metadata/name}]\n",
		}, []string{`"name":"t-app-u"`}},
		"a built-in transformer inline": {[]string{
			"a/kustomization.yaml", "resources: [d.yaml]\ntransformers:\n- |-\n  apiVersion: builtin\n  kind: PrefixTransformer\n  metadata: {name: t}\n  prefix: t-\n  fieldSpecs: [{path: metadata/name}]\n",
			"a/d.yaml", deployment,
		}, []string{`"name":"t-app"`}},
		"a built-in generator inline": {[]string{
			"a/kustomization.yaml", "generators:\n- |-\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n  metadata: {name: g}\n  literals: [k=v]\n",
		}, []string{`"k":"v"`}},
		"configurations, crds and openapi": {[]string{
			"a/kustomization.yaml", "resources: [w.yaml]\nimages: [{name: i, newTag: \"2\"}]\nconfigurations: [c.yaml]\nopenapi: {path: o.json}\n",
			"a/w.yaml", "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {img: \"i:1\"}\n",
			"a/c.yaml", "images: [{path: spec/img, kind: Widget}]\n", "a/o.json", `{"definitions":{}}`,
		}, []string{`"img":"i:2"`}},
		"a list": {[]string{
			"a/kustomization.yaml", "resources: [l.yaml]\n", "a/l.yaml", "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(strings.TrimSpace(configMap("one")), "\n", "\n  ") + "\n",
		}, []string{`"name":"one"`}},
		"a manifest in the directory above, by its kustomization": {[]string{
			"a/kustomization.yaml", "resources: [overlay]\n", "a/overlay/kustomization.yaml", "resources: [../base]\n",
			"a/base/kustomization.yaml", "resources: [x.yaml]\n", "a/base/x.yaml", configMap("x"),
		}, []string{`"name":"x"`}},
	} {
		t.Run(what, func(t *testing.T) {
			addon, err := One(files(tc.tree...), "a")
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, o := range addon.Objects {
				all.Write(o.Data)
				if o.File == "" || !json.Valid(o.Data) {
					t.Errorf("%s is of file %q: %s", o.Ref, o.File, o.Data)
				}
			}
			for _, want := range tc.want {
				if !strings.Contains(all.String(), want) {
					t.Errorf("%s is not in %s", want, all.String())
				}
			}
		})
	}
}
