package main

import (
	"fmt"
	"maps"
	"path"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// tree is a number of addons with as many objects each, in one namespace.
type tree struct {
	namespace string
	addons    []string
	objects   []declared
	kinds     []kind
}

// declared is one object of a tree.
type declared struct {
	addon string
	kind  int
	name  string
}

func (d declared) key(kinds []kind) string { return kinds[d.kind].name + "/" + d.name }

// newTree spreads objects over addons, all kinds alike.
func newTree(namespace string, objects, addons int) *tree {
	t := &tree{namespace: namespace, kinds: kinds()}
	for i := range addons {
		addon := fmt.Sprintf("%s-%03d", namespace, i)
		t.addons = append(t.addons, addon)
		for j := range objects / addons {
			t.objects = append(t.objects, declared{addon, j % len(t.kinds), fmt.Sprintf("%s-%03d", addon, j)})
		}
	}
	return t
}

// addonsFor is how many addons make a tree of this size: eight objects each, up to 125 addons.
func addonsFor(objects int) int { return min(125, max(1, objects/8)) }

// state says which value each object has: one for all, and others for some.
type state struct {
	Value  string            `json:"value"`
	Except map[string]string `json:"except,omitempty"`
}

func (s state) of(key string) string {
	if value, ok := s.Except[key]; ok {
		return value
	}
	return s.Value
}

// with is the same but for one object.
func (s state) with(key, value string) state {
	except := maps.Clone(s.Except)
	if except == nil {
		except = map[string]string{}
	}
	except[key] = value
	return state{s.Value, except}
}

// want is the value of every object.
func (t *tree) want(s state) map[string]string {
	want := map[string]string{}
	for _, d := range t.objects {
		key := d.key(t.kinds)
		want[key] = s.of(key)
	}
	return want
}

// object is one object as a manifest has it.
func (t *tree) object(d declared, s state) *unstructured.Unstructured {
	k := t.kinds[d.kind]
	u := &unstructured.Unstructured{Object: k.body(s.of(d.key(t.kinds)))}
	u.SetAPIVersion(k.apiVersion())
	u.SetKind(k.name)
	u.SetNamespace(t.namespace)
	u.SetName(d.name)
	u.SetLabels(map[string]string{"app.kubernetes.io/name": d.addon})
	return u
}

// byAddon are all objects, addon by addon.
func (t *tree) byAddon(s state) [][]*unstructured.Unstructured {
	all := make([][]*unstructured.Unstructured, 0, len(t.addons))
	last := ""
	for _, d := range t.objects {
		if d.addon != last {
			all = append(all, nil)
			last = d.addon
		}
		all[len(all)-1] = append(all[len(all)-1], t.object(d, s))
	}
	return all
}

// files are the tree as a person would commit it: a kustomization per addon.
func (t *tree) files(s state) (map[string][]byte, error) {
	files := map[string][]byte{}
	for i, objects := range t.byAddon(s) {
		var text []byte
		for _, u := range objects {
			data, err := yaml.Marshal(u.Object)
			if err != nil {
				return nil, fmt.Errorf("write the tree: %w", err)
			}
			text = append(append(text, "---\n"...), data...)
		}
		files[path.Join(t.addons[i], "kustomization.yaml")] = kustomization("objects.yaml")
		files[path.Join(t.addons[i], "objects.yaml")] = text
	}
	return files, nil
}

func kustomization(resource string) []byte {
	return []byte("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- " + resource + "\n")
}
