package build

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// syntax names the file and the line of what a YAML parser says.
func syntax(file string, err error) error {
	text := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "error converting YAML to JSON: "), "yaml: ")
	if found := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(text); found != nil {
		return fmt.Errorf("%s:%s: %s", file, found[1], strings.TrimPrefix(text, found[0]))
	}
	return fmt.Errorf("%s: %s", file, text)
}

// parses reads a file of YAML documents as kustomize did, for a better message.
func (t tree) parses(name string) error {
	if !isManifest(name) {
		return nil
	}
	return eachDocument(name, t.files[name], func(node *kyaml.Node) error {
		return named(name, kyaml.NewRNode(node), node.Line)
	})
}

// named checks that a document is an object.
func named(file string, node *kyaml.RNode, line int) error {
	var what string
	switch {
	case node.YNode().Kind != kyaml.MappingNode:
		return fmt.Errorf("%s:%d: this is no Kubernetes object", file, max(line, 1))
	case node.GetKind() == "":
		what = "kind"
	case strings.HasSuffix(node.GetKind(), "List"):
		return nil
	case node.GetApiVersion() == "":
		what = "apiVersion"
	case node.GetName() == "":
		what = "metadata.name (generateName is not possible: the same object must be found again)"
	default:
		return nil
	}
	return fmt.Errorf("%s:%d: the object has no %s", file, max(line, 1), what)
}

// explain says what is wrong where kustomize only says that something is.
func (t tree) explain(addon string, from inputs, err error) error {
	for _, name := range from.documents {
		if found := t.parses(name); found != nil {
			return found
		}
	}
	text := err.Error()
	if found := regexp.MustCompile(`already registered id: ` + identity).FindStringSubmatch(text); found != nil {
		if files := t.declaring(from, found[1], found[2]); len(files) > 1 {
			return fmt.Errorf("%s %s is in %s; keep it in one of them", found[1], found[2], strings.Join(files, " and in "))
		}
	}
	return readable(t, addon, text)
}

// identity is how kustomize writes an object: "Deployment.v1.apps/coredns.kube-system".
const identity = `([A-Z]\w*)\.(?:\[noVer\]|v\w+)\.(?:\[noGrp\]|[\w.\-]+)/([\w.\-]+)\.(?:\[noNs\]|[\w\-]+)`

// declaring lists the files, and their lines, that an object is in.
func (t tree) declaring(from inputs, kind, name string) []string {
	var places []string
	for _, file := range from.documents {
		documents := kyaml.NewDecoder(bytes.NewReader(t.files[file]))
		for {
			var node kyaml.Node
			if documents.Decode(&node) != nil {
				break
			}
			if o := kyaml.NewRNode(&node); !empty(&node) && o.GetKind() == kind && o.GetName() == name {
				places = append(places, fmt.Sprintf("%s:%d", file, max(node.Line, 1)))
			}
		}
	}
	return places
}

// readable takes the layers off kustomize's messages, and our own directories,
// and begins with the kustomization at fault.
func readable(t tree, addon, text string) error {
	text = strings.NewReplacer("../tree/", "", "/tree/", "").Replace(text)
	for _, layer := range []string{"accumulating resources: ", "accumulating components: ", "recursed accumulation of path "} {
		if i := strings.LastIndex(text, layer); i >= 0 {
			text = text[i+len(layer):]
		}
	}
	file := t.kustomizations[addon].file
	for dir, k := range t.kustomizations {
		if rest, ok := strings.CutPrefix(text, "'"+dir+"': "); ok {
			file, text = k.file, rest
			break
		}
	}
	for _, layer := range []string{`^accumulation err='.*?': `, `^'[^']*' must resolve to a file': `, `^accumulateDirectory: `, `: must build at directory: .*$`, "trouble configuring builtin (\\w+) with config: `[^`]*`: "} {
		text = regexp.MustCompile(layer).ReplaceAllString(text, "")
	}
	text = regexp.MustCompile(identity).ReplaceAllString(text, "$1 $2")
	return fmt.Errorf("%s: %s", file, strings.Trim(strings.TrimSpace(text), `"`))
}
