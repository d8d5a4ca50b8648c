package build

import (
	"bytes"
	"errors"
	"io"

	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// eachDocument looks at every YAML document of a file that is not empty, until
// one is wrong.
func eachDocument(file string, data []byte, look func(*kyaml.Node) error) error {
	documents := kyaml.NewDecoder(bytes.NewReader(data))
	for {
		var node kyaml.Node
		err := documents.Decode(&node)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return syntax(file, err)
		}
		if empty(&node) {
			continue
		}
		if err := look(&node); err != nil {
			return err
		}
	}
}
