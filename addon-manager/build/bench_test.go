package build

import (
	"bytes"
	"fmt"
	"maps"
	"testing"
)

// forest is a tree of addons that share one component; each has ten objects, and
// files that no build needs, so that the tree has about the given size.
func forest(addons, megabytes int) map[string][]byte {
	tree := files("cluster/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [values.yaml]\n",
		"cluster/values.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: values, annotations: {config.kubernetes.io/local-config: \"true\"}}\ndata: {replicas: \"2\"}\n")
	for i := range addons {
		dir := fmt.Sprintf("addon-%03d/", i)
		tree[dir+"kustomization.yaml"] = []byte("components: [../cluster]\nresources: [d.yaml, more.yaml]\nnamespace: default\n" +
			"configMapGenerator: [{name: settings, files: [f.txt]}]\n" +
			"replacements:\n- source: {kind: ConfigMap, name: values, fieldPath: data.replicas}\n  targets: [{select: {kind: Deployment}, fieldPaths: [spec.replicas]}]\n")
		tree[dir+"d.yaml"] = []byte(deployment)
		tree[dir+"f.txt"] = fmt.Appendf(nil, "settings of %d", i)
		for n := range 8 {
			tree[dir+"more.yaml"] = fmt.Appendf(tree[dir+"more.yaml"], "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c-%d-%d}\ndata: {k: v}\n", i, n)
		}
		tree[dir+"dashboard.txt"] = bytes.Repeat([]byte{'x'}, megabytes<<20/addons)
	}
	return tree
}

func BenchmarkBuild125Addons(b *testing.B) {
	for _, megabytes := range []int{0, 20} {
		b.Run(fmt.Sprintf("%dMB", megabytes), func(b *testing.B) {
			tree := forest(125, megabytes)
			b.ReportAllocs()
			for b.Loop() {
				for _, addon := range New().Build(tree) {
					if addon.Err != nil || len(addon.Objects) != 10 {
						b.Fatalf("%d objects, %v", len(addon.Objects), addon.Err)
					}
				}
			}
		})
	}
}

func BenchmarkOneChangedOf125(b *testing.B) {
	for _, megabytes := range []int{0, 20} {
		b.Run(fmt.Sprintf("%dMB", megabytes), func(b *testing.B) {
			tree := forest(125, megabytes)
			builder := New()
			builder.Build(tree)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				tree = maps.Clone(tree)
				tree["addon-007/f.txt"] = fmt.Appendf(nil, "changed %d", i)
				builder.Build(tree)
			}
		})
	}
}

func BenchmarkNothingChangedOf125(b *testing.B) {
	tree := forest(125, 20)
	builder := New()
	builder.Build(tree)
	b.ReportAllocs()
	for b.Loop() {
		builder.Build(tree)
	}
}
