package build

import (
	"fmt"
	"path"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"
)

// imply makes the kustomization of a directory that has none: all manifests
// below it, and each sub-directory with a kustomization of its own as that one
// says. Any file that looks like a manifest makes the directory an addon: were one
// with a mistake in it none, its objects would be taken out of the cluster.
func (t tree) imply(dir string) (kustomization, bool) {
	k := kustomization{file: dir}
	plain := false
	var skip string
	for _, name := range t.below(dir) {
		if skip != "" && strings.HasPrefix(name, skip+"/") {
			continue
		}
		inner, found := t.boundary(dir, path.Dir(name))
		if found {
			skip = inner
			if own, is := t.kustomizations[inner]; is && own.Kind != types.ComponentKind && !masked(dir, inner) {
				k.Resources = append(k.Resources, strings.TrimPrefix(inner, dir+"/"))
			}
			continue
		}
		if isManifest(name) && !masked(dir, name) {
			plain = true
			k.Resources = append(k.Resources, strings.TrimPrefix(name, dir+"/"))
		}
	}
	if !plain {
		return kustomization{}, false
	}
	k.implied, k.err = yaml.Marshal(map[string]any{"resources": k.Resources})
	return k, true
}

// boundary finds the first directory from outside in that is a kustomization or a Helm chart of its own.
func (t tree) boundary(outer, inner string) (string, bool) {
	var found string
	for dir := inner; len(dir) >= len(outer) && dir != "."; dir = path.Dir(dir) {
		_, own := t.kustomizations[dir]
		_, chart := t.files[path.Join(dir, "Chart.yaml")]
		if own && dir != outer || chart {
			found = dir
		}
	}
	return found, found != ""
}

// masked tells whether a name below a directory is hidden, or in a hidden directory.
func masked(dir, name string) bool {
	for step := range strings.SplitSeq(strings.TrimPrefix(name, dir+"/"), "/") {
		if hidden(step) {
			return true
		}
	}
	return false
}

func isManifest(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// objects checks that a file of a plain directory is made of Kubernetes objects.
func (t tree) objects(name string) error {
	return eachDocument(name, t.files[name], func(node *kyaml.Node) error {
		rnode := kyaml.NewRNode(node)
		if rnode.YNode().Kind != kyaml.MappingNode || rnode.GetKind() == "" {
			return fmt.Errorf("%s:%d: no Kubernetes object: it has no kind (what is not for the cluster goes into a directory whose name begins with '_')",
				name, max(node.Line, 1))
		}
		return nil
	})
}

// empty tells whether a document has nothing but comments.
func empty(node *kyaml.Node) bool {
	return kyaml.IsYNodeNilOrEmpty(node) || kyaml.IsYNodeTaggedNull(node) ||
		len(node.Content) == 1 && kyaml.IsYNodeTaggedNull(node.Content[0])
}
